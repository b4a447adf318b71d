"""What docs/histories.md says, held to the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from booking_lab.checker.report import as_text
from booking_lab.checker.verdict import ProblemKind
from booking_lab.cli._exit_codes import ExitCode
from booking_lab.core.verdict import Verdict
from tests.docs.markdown import ROOT, section, table

from .histories import Written

PAGE = ROOT / "docs" / "histories.md"


def columns(title: str, heading: str, *numbers: int) -> list[tuple[str, ...]]:
    rows = table(section(PAGE, title).prose, heading)
    return [tuple(row[number] for number in numbers) for row in rows]


def test_the_verdicts_have_the_exit_codes_that_the_page_says() -> None:
    said = columns("What the check says", "Verdict", 0, 1)
    assert [row for row in said if row[0]] == [
        (verdict, str(ExitCode.of(verdict))) for verdict in Verdict
    ]
    assert columns("What the check says", "Kind", 0) == [(kind,) for kind in ProblemKind]


def test_the_drawing_is_as_the_page_shows_it(written: Written) -> None:
    written.book("A1", 0, 50, customer="ann")
    written.book("A1", 25, 100, customer="bob")
    written.book("A1", 30, 120, "refused", customer="cid")
    [shown] = section(PAGE, "What the check says").of("text")
    assert shown.text in "\n".join(as_text(written.judged()))


def test_the_page_names_every_field_and_no_other(tmp_path: Path) -> None:
    [shown] = section(PAGE, "The file").of("json")
    lines = [json.loads(line) for line in shown.text.splitlines()]
    fields = {name for line in lines for name in line}
    described = {
        name
        for cell, *_ in table(section(PAGE, "The file").prose, "Field")
        for name in cell.replace("`", "").split(", ")
    }
    assert described == fields
    # The lines are as the page says, but for what it cuts short: the reader takes them.
    file = tmp_path / "history.jsonl"
    process = "f5ef64f9-bede-4445-ad29-cc14e40387b0"
    file.write_text(shown.text.replace("f5ef64f9-...", process))
    written = Written.__new__(Written)
    written.file = file
    assert written.judged().outcomes == {"confirmed": 1}


def test_the_program_of_the_page_pairs_questions_and_answers(written: Written) -> None:
    first = written.book("A1", 0, 10)
    second = written.book("A1", 5, 15, "refused")
    third = written.book("A1", 20, None)
    names: dict[str, Any] = {}
    [program] = section(PAGE, "The file").of("python")
    exec(program.text, names)
    with written.file.open() as file:
        paired = list(names["operations"](file))

    assert [(row[0], row[3], row[4]) for row in paired] == [
        (str(first), 0, 10_000_000),
        (str(second), 5_000_000, 15_000_000),
        (str(third), 20_000_000, None),
    ]
    assert paired[0][1]["value"]["seats"] == ["A1"]
    assert paired[1][2]["outcome"] == "refused"
