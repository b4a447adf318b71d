"""Hand-made histories of seats, one for each verdict."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from booking_lab.checker.verdict import ProblemKind
from booking_lab.core.verdict import Verdict
from booking_lab.workloads.seats import Seats

from .histories import Written


def customers(problem):
    return [one.customer for one in problem.operations]


def test_one_of_two_gets_the_seat(written):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15, "refused")
    report = written.judged()
    assert report.verdict is Verdict.SAFE
    assert (report.checked, report.groups, report.overlapping) == (2, 1, 1)


def test_two_who_overlap_get_the_same_seat(written):
    written.book("A1", 0, 10, customer="ann")
    written.book("A1", 5, 15, customer="bob")
    written.book("A1", 6, 16, "refused", customer="cid")
    written.book("A2", 6, 16, customer="dan")
    report = written.judged()
    assert report.verdict is Verdict.WRONG
    [problem] = report.problems
    assert problem.kind is ProblemKind.SOLD_TWICE
    assert problem.counterexample.all_needed
    assert customers(problem) == ["ann", "bob"]
    assert problem.anchors == ["seats:1:A1"]
    assert problem.of == 3


def test_somebody_is_refused_a_seat_that_was_free_throughout(written):
    written.book("A1", 0, 4, "refused", customer="ann")
    written.book("A1", 5, 15, customer="bob")
    written.book("A1", 10, 20, "refused", customer="cid")
    [problem] = written.judged().problems
    assert problem.kind is ProblemKind.REFUSED_WHILE_FREE
    assert customers(problem) == ["ann"]


def test_somebody_is_refused_a_seat_after_it_was_given_back(written):
    booking = written.book("A1", 0, 10, customer="ann")
    written.cancel(booking, "A1", 20, 30)
    written.book("A1", 40, 50, "refused", customer="bob")
    [problem] = written.judged().problems
    assert problem.kind is ProblemKind.REFUSED_WHILE_FREE
    assert problem.operations[-1].customer == "bob"
    # That it was booked before doesn't matter: it was cancelled, so it must have been.
    assert [one.action for one in problem.operations] == ["cancel", "book"]


def test_who_is_named_is_refused_without_reason_whatever_the_others_did(written):
    written.book("A1", 0, 10)
    written.book("A1", 20, 30, "refused")
    written.book(["A1", "A2"], 40, 50, "refused")
    written.book("A2", 60, 70, "refused", customer="ann")
    [problem] = written.judged().problems
    # Without the first, the others would be without reason as well; so it is not left out of it.
    assert customers(problem) == ["ann"]


def test_a_seat_that_was_given_back_is_booked_again(written):
    booking = written.book("A1", 0, 10)
    written.cancel(booking, "A1", 5, 30)
    written.book("A1", 25, 40)
    assert written.judged().verdict is Verdict.SAFE


def test_one_booking_is_cancelled_twice(written):
    booking = written.book("A1", 0, 10)
    written.cancel(booking, "A1", 20, 30)
    written.cancel(booking, "A1", 25, 35)
    [problem] = written.judged().problems
    assert problem.kind is ProblemKind.CONTRADICTORY
    assert [one.action for one in problem.operations] == ["cancel", "cancel"]


def test_baskets_join_their_seats(written):
    # A1 and A3 have no booking in common, and yet not all three can have been refused.
    written.book(["A1", "A2"], 0, 10, "refused")
    written.book(["A2", "A3"], 0, 10, "refused")
    written.book(["A3", "A4"], 0, 10, "refused")
    report = written.judged()
    assert (report.groups, report.checked) == (1, 3)
    assert report.problems[0].kind is ProblemKind.REFUSED_WHILE_FREE


def test_nothing_that_overlapped_is_inconclusive(written):
    written.book("A1", 0, 10)
    written.book("A1", 11, 20, "refused")
    written.book("A2", 5, 15)
    report = written.judged()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.overlapping == 0
    assert "overlapped" in report.doubts[0]


def test_two_who_were_refused_at_once_put_nothing_to_the_test(written):
    written.book("A1", 0, 10)
    written.book("A1", 11, 20, "refused")
    written.book("A1", 12, 21, "refused")
    assert written.judged().verdict is Verdict.INCONCLUSIVE


def test_what_is_wrong_without_an_overlap_is_wrong_all_the_same(written):
    written.book("A1", 0, 10)
    written.book("A1", 11, 20)
    assert written.judged().verdict is Verdict.WRONG


@pytest.mark.parametrize("outcome", ["conflict", "timeout", "error", "not_found"])
def test_failures_that_saw_nothing_say_nothing(written, outcome):
    written.book("A1", 0, 10, outcome)
    written.book("A1", 5, 15)
    report = written.judged()
    assert report.verdict is Verdict.SAFE
    assert report.checked == 1
    assert report.overlapping == 1


def test_who_was_not_answered_may_have_the_seat_or_not(written):
    written.book("A1", 0, None)
    written.book("A1", 100, 110, "refused")
    written.book("A2", 0, 10, "unknown")
    written.book("A2", 100, 110)
    assert written.judged().verdict is Verdict.SAFE


def test_where_nobody_was_told_anything_there_is_nothing_to_explain(written):
    written.book("A1", 0, None)
    written.book("A1", 5, 15, "unknown")
    written.book("A1", 5, 15, "error")
    report = written.judged()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert (report.checked, report.overlapping) == (0, 2)


def test_a_reset_frees_the_seat(written):
    written.book("A1", 0, 10)
    written.reset(20, 30)
    written.book("A1", 40, 50)
    written.book("A1", 45, 55, "refused")
    report = written.judged()
    assert report.verdict is Verdict.SAFE
    assert report.groups == 2


def test_a_reset_that_failed_does_not(written):
    written.book("A1", 0, 10)
    written.reset(20, 30, "fail")
    written.book("A1", 40, 50)
    assert written.judged().verdict is Verdict.WRONG


def test_a_reset_while_bookings_were_under_way_comes_somewhere_in_between(written):
    written.book("A1", 0, 10)
    written.book("A1", 12, 30, "refused")
    written.reset(20, 40)
    written.book("A1", 35, 50)
    written.book("A2", 22, 24)
    written.book("A2", 26, 28)
    written.book("A2", 27, 29, "refused")
    assert written.judged().verdict is Verdict.SAFE
    written.book("A2", 26, 29)
    assert written.judged().verdict is Verdict.WRONG


def test_a_reset_that_was_not_answered_may_have_happened(written):
    written.book("A1", 0, 10)
    written.book("A2", 0, 10)
    written.reset(20, None)
    written.book("A1", 40, 50)
    written.book("A2", 30, 35, "refused")
    written.tickets(8, 0, 10)
    written.reset(20, None, workload="tickets")
    written.tickets(6, 40, 50)
    written.tickets(6, 45, 55, "refused")
    assert written.judged().verdict is Verdict.SAFE
    written.book("A1", 60, 70)
    assert written.judged().verdict is Verdict.WRONG


def test_what_began_before_a_reset_does_not_show_up_after(written):
    written.book("A1", 0, None)
    written.reset(20, 30)
    written.book("A1", 40, 50, "refused")
    [problem] = written.judged().problems
    assert problem.kind is ProblemKind.REFUSED_WHILE_FREE


def test_what_stood_before_the_recording_is_not_known(tmp_path):
    written = Written(tmp_path / "history.jsonl", fresh=False)
    written.book("A1", 0, 10, "refused")
    report = written.judged()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert sum(report.unchecked.values()) == 1
    assert "reset first" in next(iter(report.unchecked))

    written.reset(20, 30)
    written.book("A1", 40, 50)
    written.book("A1", 45, 55, "refused")
    report = written.judged()
    assert report.verdict is Verdict.SAFE
    assert report.checked == 2


def test_a_worker_that_comes_later_does_not_know_what_was_before_others_booked(tmp_path):
    written = Written(tmp_path / "history.jsonl", fresh=False)
    written.book("A1", 0, 10, "refused")
    written.book("A1", 5, 15)
    written.header(worker="1/2", time=20_000_000, fresh={"seats": {"1": {"1": 100}}})
    assert written.judged().checked == 0


def test_what_is_known_of_one_database_is_not_known_of_another(written):
    written.header(database="another", worker="1/2", fresh={})
    written.book("A1", 0, 10)
    assert written.judged().checked == 1
    text = written.file.read_text()
    assert '"worker": "1/1", "time": 0' in text
    written.file.write_text(text.replace('"1/1", "time": 0', '"1/2", "time": 0'))
    assert written.judged().checked == 0


def test_two_databases_have_nothing_to_do_with_each_other(written):
    written.book("A1", 0, 10)
    written.header(database="another", time=20_000_000, fresh={"seats": {"1": {"1": 100}}})
    written.book("A1", 30, 40)
    written.book("A1", 35, 45, "refused")
    report = written.judged()
    assert report.verdict is Verdict.SAFE
    assert report.groups == 2


def test_seats_that_were_chosen_count_as_asked_for(written):
    chosen = written.book([], 0, None, best=1)
    value = {"id": str(chosen), "customer_id": "ann", "event_id": 1, "seats": ["A1"]}
    written.answer(chosen, 10, "confirmed", value=value)
    written.book("A1", 5, 15, customer="bob")
    [problem] = written.judged().problems
    assert customers(problem) == ["ann", "bob"]


def test_nobody_knows_which_seat_was_chosen_for_who_was_not_answered(written):
    written.book([], 0, None, best=1)
    written.book("A1", 20, 30, "refused")
    report = written.judged()
    assert report.verdict is Verdict.UNKNOWN
    assert "was not answered" in report.undecided[0].reason


def test_who_was_refused_the_best_is_counted_and_not_checked(written):
    written.book([], 0, 10, "refused", best=1)
    written.book("A1", 0, 10)
    written.book("A1", 5, 15, "refused")
    report = written.judged()
    assert report.verdict is Verdict.SAFE
    assert dict(report.unchecked) == {"refused without having named anything": 1}


def test_a_search_that_gives_up_is_no_verdict(written):
    # Who was refused all four can only have come while eight others had some, in a certain order.
    for number in range(8):
        written.book([f"A{number}", f"A{number + 1}"], 0, 100, "unknown")
    for number in range(9):
        written.book(f"A{number}", 0, 100, "refused")
    written.book([f"B{number}" for number in range(9)] + ["A0"], 0, 100)
    for number in range(9):
        written.book(f"B{number}", 200, 300)
    report = written.judged(budget=1)
    assert report.verdict is Verdict.UNKNOWN
    assert "gave up after" in report.undecided[0].reason
    assert written.judged().verdict is Verdict.WRONG


def test_a_model_that_fails_is_no_verdict(written, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("booking_lab.workloads.seats.Seats.apply", fail)
    written.book("A1", 0, 10)
    written.book("A1", 5, 15, "refused")
    report = written.judged()
    assert report.verdict is Verdict.UNKNOWN
    assert "the model Seats failed: ZeroDivisionError" in report.undecided[0].reason


class Mute(Seats):
    fresh = None


def test_a_workload_without_a_model_is_not_checked(written):
    written.book("A1", 0, 10)
    written.book("A1", 5, 15)
    report = written.judged(workloads=SimpleNamespace(get=lambda _: Mute()))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "have no model" in next(iter(report.unchecked))
