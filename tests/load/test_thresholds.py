"""What must fail a run does."""

from pathlib import Path

from tests.load.k6 import PASSED, THRESHOLD_BROKEN, run


def test_one_double_booking_under_a_strategy_that_rules_them_out_fails(dishonest_url: str) -> None:
    lesson = run("01_one_seat.js", dishonest_url, STRATEGY="liar")
    assert lesson.code == THRESHOLD_BROKEN
    assert "BROKEN  broken_promises count==0" in lesson.report
    assert lesson.verdict == "double booking"


def test_an_answer_that_the_lab_does_not_document_fails(dishonest_url: str) -> None:
    lesson = run("01_one_seat.js", dishonest_url, STRATEGY="crasher", CUSTOMERS=3)
    assert lesson.code == THRESHOLD_BROKEN
    assert "BROKEN  checks rate==1" in lesson.report
    assert lesson.bookings["error"] == 3
    assert lesson.verdict == "inconclusive"


def test_the_verdict_follows_from_what_was_measured() -> None:
    cases = run(Path(__file__).with_name("verdict_cases.js"), "http://127.0.0.1:9")
    assert cases.code == PASSED, cases.report + cases.errors
