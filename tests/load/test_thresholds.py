"""What must fail a run does."""

from pathlib import Path

from booking_lab.core.verdict import Verdict
from tests.load.k6 import PASSED, SCRIPT_ERROR, THRESHOLD_BROKEN, run


def test_one_double_booking_under_a_strategy_that_rules_them_out_fails(dishonest_url: str) -> None:
    lesson = run("01_one_seat.js", dishonest_url, STRATEGY="liar")
    assert lesson.code == THRESHOLD_BROKEN
    assert "BROKEN  broken_promises count==0" in lesson.report
    assert lesson.verdict == Verdict.WRONG


def test_an_answer_that_the_lab_does_not_document_fails(dishonest_url: str) -> None:
    lesson = run("01_one_seat.js", dishonest_url, STRATEGY="crasher", CUSTOMERS=3)
    assert lesson.code == THRESHOLD_BROKEN
    assert "BROKEN  checks rate==1" in lesson.report
    assert lesson.bookings["error"] == 3
    assert lesson.verdict == Verdict.INCONCLUSIVE


def test_the_verdict_follows_from_what_was_measured() -> None:
    cases = run(
        Path(__file__).with_name("verdict_cases.js"), "http://127.0.0.1:9",
        VERDICTS=",".join(Verdict),
    )  # fmt: skip
    assert cases.code == PASSED, cases.report + cases.errors


def test_a_word_that_is_no_verdict_is_no_expectation(dishonest_url: str) -> None:
    lesson = run("01_one_seat.js", dishonest_url, EXPECT="double booking")
    assert lesson.code == SCRIPT_ERROR
    assert "it takes a verdict: safe, inconclusive, unknown, wrong" in lesson.errors
