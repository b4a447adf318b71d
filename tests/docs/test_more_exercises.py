"""Runs exercises 9 to 17: what a reader types there, and what their pages show."""

from __future__ import annotations

from pathlib import Path

import pytest

from .markdown import Section
from .reader import EXERCISES, check


@pytest.mark.timeout(600)  # explorations start servers of their own
@pytest.mark.usefixtures("jq")
@pytest.mark.parametrize(
    "exercise", EXERCISES[8:], ids=lambda exercise: exercise.title.split(":")[0]
)
def test_exercise_shows_what_its_page_says(
    exercise: Section, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    records = any("BOOKING_LAB_HISTORY" in block.text for block in exercise.of("sh"))
    lab = request.getfixturevalue("recording_lab" if records else "shared_lab")
    check(exercise, lab, tmp_path)
