"""Runs the README's exercises as a reader does, and compares with what the README shows.

Every ```bash block of an exercise is given to bash as it stands; only the lab's address is another
one here. The ```text block behind it shows the output. In it, ``...`` stands for anything within a
line and, on a line of its own, for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from .markdown import DOCUMENTS, ROOT, Block, Section, sections

README = ROOT / "README.md"
ADDRESS = "http://localhost:8000"
#: What make hands down to the commands that it runs.
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS", "PORT", "SCRIPT", "STRATEGY"}
EXERCISES = [one for one in sections(README) if one.title.startswith("Exercise ")]


def steps(exercise: Section) -> list[tuple[Block, Block]]:
    """Each block of commands, with the block that shows what comes out."""
    blocks = exercise.of("bash", "text")
    assert [block.language for block in blocks] == ["bash", "text"] * (len(blocks) // 2), (
        f"{exercise.title}: behind each ```bash block stands one ```text block"
    )
    return list(zip(blocks[::2], blocks[1::2], strict=True))


def run(block: Block, url: str) -> str:
    """What the commands print."""
    # Not what `make test` was called with: `make load` would take it for its own.
    environment = {name: v for name, v in os.environ.items() if name not in OF_MAKE}
    done = subprocess.run(
        ["bash", "-c", block.text.replace(ADDRESS, url)],
        cwd=ROOT,
        env={**environment, "BASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, (
        f"line {block.line}: exit code {done.returncode}\n{done.stderr}{done.stdout}"
    )
    return done.stdout


def check(exercise: Section, url: str) -> None:
    """Run a section's commands and compare with what it shows."""
    for commands, shown in steps(exercise):
        printed = run(commands, url)
        assert shows(shown.text, printed), (
            f"line {shown.line} says\n{shown.text}\nand the lab says\n{printed}"
        )


def lines(text: str) -> list[str]:
    """The lines, without differences in blanks that nobody sees."""
    return [" ".join(line.split()) for line in text.splitlines()]


def shows(shown: str, printed: str) -> bool:
    """Whether ``printed`` is what the README shows."""
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in lines(shown)
    )
    return bool(re.fullmatch(pattern, "".join(line + "\n" for line in lines(printed))))


@pytest.mark.usefixtures("jq")
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title.split(":")[0])
def test_exercise_shows_what_the_readme_says(
    exercise: Section, request: pytest.FixtureRequest
) -> None:
    if any("INSTANCES=3" in block.text for block in exercise.of("sh")):
        url = request.getfixturevalue("three_instances").url
    else:
        url = request.getfixturevalue("shared_url")
    if any(block.text.startswith("make ") for block in exercise.of("bash")) and not installed():
        pytest.skip("`make load` would first install the packages here; run `make test`")
    check(exercise, url)


def installed() -> bool:
    """Whether the Makefile has nothing to install."""
    question = ["make", "--question", ".venv/.installed"]
    environment = {name: v for name, v in os.environ.items() if name not in OF_MAKE}
    return subprocess.run(question, cwd=ROOT, env=environment, check=False).returncode == 0


def test_there_are_eight_exercises_and_each_has_commands_to_run() -> None:
    assert [one.title.split(":")[0] for one in EXERCISES] == [f"Exercise {n}" for n in range(1, 9)]
    assert all(steps(exercise) for exercise in EXERCISES)


def test_commands_that_nothing_runs_are_not_shown_as_if_they_were() -> None:
    # ```bash means: a test runs it. Commands that start, stop or need Docker are ```sh.
    run = {exercise.title for exercise in EXERCISES} | {"One of your own"}
    others = [
        f"{document.name}:{block.line}"
        for document in DOCUMENTS
        for one in sections(document)
        if one.title not in run
        for block in one.of("bash")
    ]
    assert others == []


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("1 confirmed\n9 refused", "      1 confirmed\n      9 refused\n", True),
        ("1 confirmed\n9 refused", "      2 confirmed\n      8 refused\n", False),
        ("1 confirmed\n9 refused", "      1 confirmed\n", False),
        ("... confirmed\n...", "     10 confirmed\n", True),
        ("... confirmed\n...", "      8 confirmed\n      2 refused\n", True),
        ("... confirmed\n...", "     10 refused\n", False),
        ('{"count":...}', '{"count":3}', True),
        ('{"count":...}', '{"count":\n3}', False),
    ],
)
def test_dots_stand_for_what_differs_and_for_nothing_else(
    shown: str, printed: str, same: bool
) -> None:
    assert shows(shown, printed) is same
