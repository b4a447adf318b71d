"""Runs exercises 1 to 8 as a reader does, and compares with what their pages show."""

from __future__ import annotations

import os
import subprocess

import pytest

from .markdown import DOCUMENTS, ROOT, Section, sections, table
from .reader import EXERCISES, OF_MAKE, PAGES, check, shows, steps


@pytest.mark.usefixtures("jq")
@pytest.mark.parametrize(
    "exercise", EXERCISES[:8], ids=lambda exercise: exercise.title.split(":")[0]
)
def test_exercise_shows_what_its_page_says(
    exercise: Section, request: pytest.FixtureRequest
) -> None:
    if any("INSTANCES=3" in block.text for block in exercise.of("sh")):
        lab = request.getfixturevalue("three_instances")
    else:
        lab = request.getfixturevalue("shared_lab")
    if any(block.text.startswith("make ") for block in exercise.of("bash")) and not installed():
        pytest.skip("`make load` would first install the packages here; run `make test`")
    check(exercise, lab, ROOT)


def installed() -> bool:
    """Whether the Makefile has nothing to install."""
    question = ["make", "--question", ".venv/.installed-load"]
    environment = {name: v for name, v in os.environ.items() if name not in OF_MAKE}
    return subprocess.run(question, cwd=ROOT, env=environment, check=False).returncode == 0


def test_the_exercises_are_numbered_through_and_each_has_commands_to_run() -> None:
    numbers = [one.title.split(":")[0] for one in EXERCISES]
    assert numbers == [f"Exercise {n}" for n in range(1, 18)]
    assert [int(page.name.split("-")[0]) for page in PAGES] == [*range(1, 18)]
    assert all(steps(exercise) for exercise in EXERCISES)


def test_the_index_lists_the_exercises_in_order_with_their_titles() -> None:
    index = ROOT / "docs" / "exercises" / "README.md"
    rows = [row for one in sections(index) for row in table(one.prose, "Exercise")]
    wanted = zip(EXERCISES, PAGES, strict=True)
    assert [row[0] for row in rows] == [
        f"[{one.title.removeprefix('Exercise ')}]({page.name})" for one, page in wanted
    ]


def test_each_exercise_leads_to_the_next_one_and_to_the_index() -> None:
    wanted = [f"[{one.title}]({page.name})" for one, page in zip(EXERCISES, PAGES, strict=True)]
    for one, following in zip(EXERCISES, [*wanted[1:], ""], strict=True):
        last = " ".join(one.prose.rpartition("---")[2].split())
        assert last == (f"Next: {following}. " if following else "") + "[All exercises](README.md)."


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
