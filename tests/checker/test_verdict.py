"""Which verdict it is, and why it is none."""

from __future__ import annotations

from typing import Any

import pytest

from booking_lab.checker.database import Comparison, Disagreement
from booking_lab.checker.verdict import Report, Undecided
from booking_lab.core.verdict import Verdict

GAVE_UP = Undecided("seats", "1", ["seats:1:A1"], 7, "gave up")
AGREES = Comparison(5, [], [])
NONE_OVERLAPPED = "no two operations on one anchor overlapped, so nothing was tried"
LOST = Comparison(5, [Disagreement("lost", "seats", "1", "A1", "")], [])


@pytest.mark.parametrize(
    ("found", "verdict", "doubts"),
    [
        ({}, Verdict.SAFE, []),
        ({"database": AGREES}, Verdict.SAFE, []),
        ({"database": LOST}, Verdict.WRONG, []),
        ({"database": LOST, "overlapping": 0}, Verdict.WRONG, None),
        ({"undecided": [GAVE_UP]}, Verdict.UNKNOWN, ["7 operations: gave up"]),
        ({"interrupted": True}, Verdict.UNKNOWN, ["the check was interrupted"]),
        ({"checked": 0}, Verdict.INCONCLUSIVE, ["nothing could be checked"]),
        ({"overlapping": 0}, Verdict.INCONCLUSIVE, [NONE_OVERLAPPED]),
        ({"overlapping": 0, "interrupted": True}, Verdict.UNKNOWN, None),
        ({"database": LOST, "interrupted": True}, Verdict.WRONG, None),
    ],
)
def test_only_what_was_decided_and_put_to_the_test_is_safe(
    found: dict[str, Any], verdict: Verdict, doubts: list[str] | None
) -> None:
    report = Report(**{"checked": 5, "overlapping": 2, **found})
    assert report.verdict is verdict
    assert doubts is None or report.doubts == doubts
