"""The glossary has every word of the lab's own lists, once, with a page that uses it."""

from __future__ import annotations

import re

import pytest

from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.core.strategy import Anomaly
from booking_lab.core.verdict import Verdict
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.runtime.strategy_registry import SHIPPED, Registry

from .markdown import ROOT, sections, table

PAGE = ROOT / "docs" / "glossary.md"
ROWS = [row for one in sections(PAGE) for row in table(one.prose, "Term")]
TERMS = [row[0] for row in ROWS]


def test_every_term_is_there_once_with_a_meaning_and_a_link() -> None:
    assert len(TERMS) > 50
    assert sorted(TERMS) == sorted({*TERMS})
    for term, meaning, where in ROWS:
        assert meaning.endswith("."), term
        assert len(re.findall(r"\. [A-Z*`]", meaning)) <= 1, f"{term}: one or two sentences"
        assert re.fullmatch(r"\[.+\]\(.+\)", where), term


@pytest.mark.parametrize(
    "words",
    [
        [entry.name for entry in Registry([SHIPPED]).entries()],
        [*Anomaly],
        [*Outcome],
        [*NEMESES, *SLOW_NEMESES],
        [*Verdict],
    ],
    ids=["strategies", "anomalies", "outcomes", "nemeses", "verdicts"],
)
def test_every_word_that_the_lab_prints_is_explained(words: list[str]) -> None:
    assert {str(word) for word in words} <= {*TERMS}


def test_the_steps_are_those_of_an_attempt() -> None:
    [meaning] = [row[1] for row in ROWS if row[0] == "step"]
    named = re.findall(r"`(\w+)`", meaning)
    assert named == [str(kind) for kind in StepKind]
