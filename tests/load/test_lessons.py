"""Each k6 script, run by the real k6 against the real lab."""

from pathlib import Path

import pytest
import requests

from tests.load.k6 import PASSED, SCRIPT_ERROR, SCRIPTS, THRESHOLD_BROKEN, run

SAFE = ["pessimistic", "optimistic", "distributed"]


def test_under_none_one_seat_goes_to_many(url: str) -> None:
    lesson = run("01_one_seat.js", url, STRATEGY="none")
    assert lesson.code == PASSED, lesson.errors
    assert lesson.verdict == "wrong"
    assert lesson.lines["double bookings"] == "1"
    assert lesson.bookings["confirmed"] > 1
    # What k6 was told is what the lab has in its books.
    totals = requests.get(f"{url}/admin/stats", timeout=10).json()["totals"]
    assert totals["confirmed"] == lesson.bookings["confirmed"]
    assert totals["total"] == 20


@pytest.mark.parametrize("strategy", SAFE)
def test_under_a_safe_strategy_one_seat_goes_to_one(url: str, strategy: str) -> None:
    lesson = run("01_one_seat.js", url, STRATEGY=strategy, EXPECT="safe")
    assert lesson.code == PASSED, lesson.report + lesson.errors
    assert lesson.verdict == "safe"
    assert lesson.bookings["confirmed"] == 1
    assert lesson.lines["strategy"].startswith(strategy)
    assert int(lesson.lines["overlapping"]) >= 1


@pytest.mark.parametrize("strategy", ["none", "pessimistic"])
def test_one_customer_alone_proves_nothing(url: str, strategy: str) -> None:
    lesson = run("01_one_seat.js", url, STRATEGY=strategy, CUSTOMERS=1)
    assert lesson.code == PASSED, lesson.errors
    assert lesson.verdict == "inconclusive"
    assert lesson.lines["overlapping"] == "0"


def test_what_others_did_in_the_lab_proves_nothing_about_seats(url: str) -> None:
    race = {"kind": "tickets", "request": {"event_id": 2, "quantity": 1}, "customers": 12}
    for strategy in ("none", "pessimistic"):
        requests.post(f"{url}/admin/reset?kind=tickets&scope=2", timeout=10)
        body = race | {"strategy": strategy}
        requests.post(f"{url}/admin/race", json=body, timeout=30).raise_for_status()
        # They met, under this very strategy; they oversold, or could have.
        lesson = run("01_one_seat.js", url, STRATEGY="pessimistic", CUSTOMERS=1)
        assert lesson.code == PASSED, lesson.report + lesson.errors
        assert lesson.verdict == "inconclusive"
        assert lesson.lines["overlapping"] == "0"
    requests.post(f"{url}/admin/reset?kind=tickets&scope=2", timeout=10)


def test_many_seats_are_sold_once_each(url: str) -> None:
    lesson = run(
        "02_many_seats.js", url, STRATEGY="optimistic", OPTIONS='{"attempts": 20}', EXPECT="safe"
    )
    assert lesson.code == PASSED, lesson.report + lesson.errors
    assert lesson.bookings["confirmed"] == 100
    assert '"attempts":20' in lesson.lines["strategy"]


def test_the_exercises_script_finds_none_unsafe_and_a_wrong_expectation_fails(url: str) -> None:
    requests.post(f"{url}/admin/strategy", json={"strategy": "none"}, timeout=10)
    lesson = run("concurrent-booking.js", url, EXPECT="safe")
    assert lesson.code == THRESHOLD_BROKEN
    assert "BROKEN  as_expected rate==1" in lesson.report
    assert lesson.lines["strategy"] == "none {}"
    assert lesson.verdict == "wrong"
    # The damage stays, to be looked at.
    found = requests.get(f"{url}/admin/double-bookings", timeout=10).json()["count"]
    assert found == int(lesson.lines["double bookings"]) > 0


def test_the_comparison_puts_every_strategy_to_the_test(url: str) -> None:
    there_are = requests.get(f"{url}/admin/strategies", timeout=10).json()["strategies"]
    unproven = {one["name"] for one in there_are}
    # Where one statement does it all, a booking is over in a moment. On a busy machine, a whole
    # crowd can miss each other there, and the lesson has to say so.
    for _ in range(3):
        # Many, and several times.
        lesson = run("03_compare.js", url, SEATS=3, CUSTOMERS=20)
        assert lesson.code == PASSED, lesson.report + lesson.errors
        assert set(lesson.table) - {"strategy"} == {one["name"] for one in there_are}
        for one in there_are:
            row = lesson.table[one["name"]]
            unsafe, met = "double booking" in one["allows"], int(row["overlapping"]) > 0
            assert int(row["double bookings"]) == (3 if unsafe else 0)
            told = "wrong" if unsafe else "safe" if met else "inconclusive"
            assert row["verdict"] == told
            if met:
                unproven.discard(one["name"])
        if not unproven:
            return
    raise AssertionError(f"Nobody ever met under {sorted(unproven)}")


def test_a_comparison_without_collisions_calls_nothing_safe(url: str) -> None:
    # On a busy machine, a booking can take until the next customer comes; then those have met.
    for _ in range(3):
        lesson = run(
            "03_compare.js", url, SEATS=1, CUSTOMERS=2, APART_MS=150, THINK_TIME_MS=20,
            EXPECT="inconclusive",
        )  # fmt: skip
        rows = [row for name, row in lesson.table.items() if name != "strategy"]
        missed = [row for row in rows if row["overlapping"] == "0"]
        assert missed
        assert {row["verdict"] for row in missed} == {"inconclusive"}
        assert {row["refused"] for row in missed} == {"1"}
        assert (lesson.code == PASSED) is (missed == rows), lesson.report + lesson.errors
        if missed == rows:
            return
    raise AssertionError("Somebody met every time.")


def test_the_page_stays_quick_while_the_sale_opens(url: str) -> None:
    lesson = run(
        "04_on_sale_spike.js", url, STRATEGY="pessimistic", DURATION=1, RATE=60, EXPECT="safe"
    )
    assert lesson.code == PASSED, lesson.report + lesson.errors
    assert lesson.lines["dropped"] == "0"
    assert lesson.bookings["confirmed"] > 30


def test_the_soak_judges_every_round(url: str) -> None:
    lesson = run("05_soak.js", url, STRATEGY="pessimistic", ROUND=0.5, DURATION=4, EXPECT="safe")
    assert lesson.code == PASSED, lesson.report + lesson.errors
    assert lesson.lines["rounds judged"] == "2"
    assert lesson.verdict == "safe"


def test_every_script_is_run_here() -> None:
    text = Path(__file__).read_text()
    assert [path.name for path in SCRIPTS.glob("*.js") if f'"{path.name}"' not in text] == []


def test_a_run_that_cannot_be_set_up_fails_with_a_reason(url: str) -> None:
    away = run("01_one_seat.js", "http://127.0.0.1:9")
    assert away.code == SCRIPT_ERROR
    assert "Is the lab up?" in away.errors
    unknown = run("01_one_seat.js", url, STRATEGY="nonsense")
    assert unknown.code == SCRIPT_ERROR
    assert "There is no strategy 'nonsense'" in unknown.errors
    assert "verdict" not in away.report + unknown.report
