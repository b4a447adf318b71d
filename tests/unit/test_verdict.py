"""The family of verdicts: how they combine, and that all who judge speak its words."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_lab.checker.verdict import Report
from booking_lab.cli._exit_codes import ExitCode
from booking_lab.conformance.exploring import ExplorationFindings
from booking_lab.conformance.plugin import _verdicts
from booking_lab.core.strategy import Anomaly
from booking_lab.core.verdict import Verdict, combined, in_words
from booking_lab.crowd import demo
from booking_lab.crowd.verdict import verdict
from booking_lab.explorer.matrix.matrix import MatrixCell
from booking_lab.explorer.matrix.mixtures import Mixture
from booking_lab.explorer.output.result import ExplorationResult
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.runtime.race import RaceResult
from booking_lab.web.routes import race, strategies
from tests.docs.markdown import ROOT

PACKAGE = ROOT / "booking_lab"
#: From the weakest to the strongest.
ORDER = [Verdict.SAFE, Verdict.INCONCLUSIVE, Verdict.UNKNOWN, Verdict.WRONG]

verdicts = st.sampled_from(Verdict)
some = st.lists(verdicts, min_size=1)


@given(verdicts, verdicts)
def test_the_stronger_of_two_counts(one: Verdict, other: Verdict) -> None:
    assert combined([one, other]) is ORDER[max(ORDER.index(one), ORDER.index(other))]
    assert combined([one, other]) is combined([other, one])


@given(verdicts)
def test_a_verdict_with_itself_is_itself(one: Verdict) -> None:
    assert combined([one]) is combined([one, one]) is one


@given(st.lists(some, min_size=1))
def test_it_makes_no_difference_in_which_groups_they_are_combined(
    groups: list[list[Verdict]],
) -> None:
    everything = [one for group in groups for one in group]
    assert combined(map(combined, groups)) is combined(everything)


@given(some, some)
def test_more_evidence_makes_nothing_better(some: list[Verdict], more: list[Verdict]) -> None:
    assert ORDER.index(combined(some + more)) >= ORDER.index(combined(some))


@given(some)
def test_safe_is_only_what_is_safe_in_all_its_parts(some: list[Verdict]) -> None:
    assert (combined(some) is Verdict.SAFE) is (set(some) == {Verdict.SAFE})


def test_nothing_at_all_was_put_to_no_test() -> None:
    assert combined([]) is Verdict.INCONCLUSIVE


def test_the_exit_code_follows_from_the_verdict() -> None:
    codes = {one: int(ExitCode.of(one)) for one in Verdict}
    assert codes == {"safe": 0, "inconclusive": 3, "unknown": 3, "wrong": 4}


@pytest.mark.parametrize(
    ("findings", "said"),
    [((), "wrong"), (("double booking", "overlap"), "wrong: double booking, overlap")],
)
def test_what_was_wrong_is_said_beside_the_verdict(findings: Sequence[str], said: str) -> None:
    assert in_words(Verdict.WRONG, findings) == said


def test_the_conformance_suite_says_what_it_has_seen_without_and_with_a_nemesis() -> None:
    def seen(verdict: str | None, *anomalies: str, faults: bool = False) -> dict[str, object]:
        return {"faults": faults, "verdict": verdict, "anomalies": list(anomalies)}

    nothing_struck = seen(None, faults=True)
    wrong = seen("wrong", "overlap", faults=True)
    assert list(_verdicts([seen("safe"), nothing_struck])) == ["; safe"]
    assert list(_verdicts([seen("safe"), seen("inconclusive"), wrong])) == [
        "; inconclusive",
        "; with a nemesis wrong: overlap",
    ]


@pytest.mark.parametrize(
    ("verdict", "anomaly", "promised", "on_strategy"),
    [
        (Verdict.SAFE, None, True, Verdict.SAFE),
        (Verdict.WRONG, Anomaly.DOUBLE_BOOKING, True, Verdict.WRONG),
        (Verdict.WRONG, Anomaly.DOUBLE_BOOKING, False, Verdict.SAFE),  # as it says of itself
        (Verdict.WRONG, Anomaly.ORPHAN, False, Verdict.WRONG),
        (Verdict.INCONCLUSIVE, None, True, Verdict.INCONCLUSIVE),
        (Verdict.INCONCLUSIVE, None, False, Verdict.INCONCLUSIVE),  # it has not shown yet
        (Verdict.UNKNOWN, None, True, Verdict.UNKNOWN),
    ],
)
def test_the_demo_holds_a_strategy_to_what_it_says_of_itself(
    verdict: Verdict, anomaly: Anomaly | None, promised: bool, on_strategy: Verdict
) -> None:
    figures = dict.fromkeys(("p50", "p95", "p99", "per_second"), 1.0)
    counts = dict.fromkeys(
        ("confirmed", "refused", "other", "double_bookings", "overlaps", "crowds"), 1
    )
    row = demo.DemoRow(
        strategy="own", verdict=verdict, anomaly=anomaly, promised=promised, **figures, **counts
    )
    assert row.on_strategy is on_strategy
    begin = {
        Verdict.SAFE: "double bookings: ",
        Verdict.INCONCLUSIVE: "Not put to the test: own.",
        Verdict.UNKNOWN: "No verdict, because the lab's audit is not complete: own.",
        Verdict.WRONG: "Not as the strategies promise: own.",
    }
    assert demo._reading([row]).startswith(begin[on_strategy])


def test_all_who_judge_say_words_of_the_family() -> None:
    judges = [
        Report,
        ExplorationFindings,
        ExplorationResult,
        Exploration,
        MatrixCell,
        Mixture,
        RaceResult,
    ]
    for judge in judges:
        assert get_type_hints(judge.verdict.fget)["return"] is Verdict, judge
    assert get_type_hints(verdict)["return"] is get_type_hints(demo.run)["return"] is Verdict
    assert get_type_hints(demo.DemoRow)["verdict"] is Verdict
    assert race.RaceAnswer.model_fields["verdict"].annotation is Verdict
    assert strategies.MatrixEntry.model_fields["verdict"].annotation is Verdict


def test_there_is_no_other_family() -> None:
    others = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef) and "verdict" in node.name.lower()
    ]
    assert [one.partition(":")[0] for one in others] == ["booking_lab/core/verdict.py"]
