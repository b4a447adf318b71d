"""Every command and every option is described, in the documents and by --help."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from booking_lab.cli.main import main

from .markdown import ROOT, section, sections, table

PAGE = ROOT / "docs" / "commands.md"
CONTEXT = click.Context(main)
COMMANDS = {name: main.get_command(CONTEXT, name) for name in main.list_commands(CONTEXT)}


def command(name: str) -> click.Command:
    found = COMMANDS[name]
    assert found
    return found


def names(rows: list[list[str]]) -> list[str]:
    return [row[0].removeprefix("booking-lab ") for row in rows]


def test_the_page_lists_every_command() -> None:
    assert names(table(section(PAGE, "The commands").prose, "Command")) == [*COMMANDS]
    described = [one.title.strip("`") for one in sections(PAGE)[1:]]
    assert described == [f"booking-lab {name}" for name in COMMANDS]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_described(name: str) -> None:
    options = [one for one in command(name).params if isinstance(one, click.Option)]
    there = {name for option in options for name in option.opts}
    rows = table(section(PAGE, f"`booking-lab {name}`").prose, "Option")
    assert {name for row in rows for name in re.findall(r"-{1,2}[a-z-]+", row[0])} == there


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained_by_help(name: str) -> None:
    for option in command(name).params:
        assert not isinstance(option, click.Option) or option.help, option.name
    printed = CliRunner().invoke(main, [name, "--help"])
    assert printed.exit_code == 0
    assert command(name).help


def test_every_make_target_beside_a_command_runs_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    rows = table(section(PAGE, "The commands").prose, "Command")
    targets = {row[0]: row[2].removeprefix("make ") for row in rows if row[2]}
    assert len(targets) > 5
    for called, target in targets.items():
        recipe = re.search(rf"^{target}: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        assert recipe, target
        assert called in recipe[1]


def test_help_says_where_strategies_and_workloads_are_listed() -> None:
    printed = " ".join(CliRunner().invoke(main, ["explore", "--help"]).output.split())
    assert "`booking-lab strategies` lists" in printed
    assert "`booking-lab workloads` lists" in printed
