"""What a booking's tries share, and what each has of its own."""

from collections import Counter
from dataclasses import replace

from booking_lab.core.booking import Outcome
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.explorer.conftest import exploration_servers, own, run
from tests.strategies.line import Line
from tests.workloads.box_office import TICKETS, asks, crowd

__all__ = ["exploration_servers", "own", "run"]

#: Chooses a seat, and has to try once more after it has written.
CHOOSES = """
from dataclasses import dataclass
from booking_lab import Attempt, Capability, Conflict, Strategy

@dataclass(frozen=True)
class Chooses(Strategy):
    needs = frozenset({Capability.CHOICE})

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.choose()
            attempt.write(attempt.decide(attempt.read()))
            if attempt.number == 1:
                raise Conflict
"""
#: Writes for all who stand in line, and takes it back without an error.
TAKES_BACK = """
from dataclasses import dataclass
from booking_lab import Attempt, Capability, Conflict, Strategy

@dataclass(frozen=True)
class TakesBack(Strategy):
    needs = frozenset({Capability.BATCH})

    def book(self, attempt: Attempt) -> None:
        with attempt.queued(10, 5) as batch:
            if batch:
                try:
                    with attempt.transaction():
                        batch.write(batch.decide(batch.read()))
                        raise Conflict
                except Conflict:
                    pass
"""

#: Two seats, and two who want one of them.
PLAINEST = Seats().scenarios(2)[0]

#: Always in conflict, and has no time to try again.
OUT_OF_TIME = """
from dataclasses import dataclass
from booking_lab import Attempt, Conflict, Retry, Strategy

@dataclass(frozen=True)
class OutOfTime(Strategy):
    @property
    def retry(self) -> Retry:
        return Retry(attempts=20, deadline=0.0)

    def book(self, attempt: Attempt) -> None:
        raise Conflict
"""


def ending(found):
    return found.last.endings["A"]


def test_a_try_that_failed_after_its_write_leaves_nothing_to_the_next(own):
    found = own(
        """
        from booking_lab import Conflict

        with attempt.transaction():
            book()
            if attempt.number < 3:
                raise Conflict
        """,
        bookers=1,
    )

    assert (ending(found).outcome, ending(found).tries) == ("confirmed", 3)
    assert not found.bad


def test_what_a_try_has_chosen_is_chosen_anew_by_the_next(run, tmp_path):
    (tmp_path / "chooses.py").write_text(CHOOSES)
    best = [SeatRequest(event_id=int(PLAINEST.scope), best=1, customer_id=name) for name in "AB"]

    found = run(
        "chooses",
        scenario=replace(PLAINEST, requests=best),
        search=ExhaustiveSearch(preemptions=1),
        folders=(tmp_path,),
    )

    # Two seats for two: whoever holds on to the first choice finds it booked by the other.
    assert found.outcomes == Counter(confirmed=2 * found.schedules)


def test_tries_end_when_their_time_is_over(make_office, tmp_path):
    (tmp_path / "out_of_time.py").write_text(OUT_OF_TIME)
    office = make_office(strategy_folders=(str(tmp_path),))

    booking = office.book(asks(), "out_of_time")

    assert (booking.outcome, booking.tries) == (Outcome.CONFLICT, 1)


def test_a_batch_that_was_not_committed_confirms_nobody(make_office, tmp_path):
    (tmp_path / "takes_back.py").write_text(TAKES_BACK)
    office = make_office(strategy_folders=(str(tmp_path),))
    lab, wish = office.lab, office.wish("takes_back")

    with Line().standing(lab.engine, lab.bookings, TICKETS, crowd(3), wish) as answers:
        bookings = answers()

    assert [one.code for one in bookings] == ["strategy_fault"] * 3
    assert (office.left(), office.findings()) == (10, [])


def test_an_error_though_the_booking_stands_is_a_wrong_answer(own):
    found = own(
        """
        with attempt.transaction():
            book()
        attempt.committed = False  # or the lab would answer what is true, whatever comes now
        raise RuntimeError("after the commit")
        """,
        bookers=1,
    )

    assert ending(found).outcome == "error"
    assert found.anomalies == Counter({"wrong answer": 1})


def test_a_confirmation_without_a_booking_is_a_lost_booking(own):
    found = own(
        """
        with attempt.transaction():
            attempt.read()
        attempt.committed = True  # or the lab would say that nothing was written
        """,
        bookers=1,
    )

    assert ending(found).outcome == "confirmed"
    assert found.anomalies == Counter({"lost booking": 1})


def test_a_fencing_token_that_was_here_is_not_higher(own):
    found = own(
        """
        with attempt.transaction():
            attempt.fence(5)
            attempt.fence(5)
            book()
        """,
        bookers=1,
    )

    assert ending(found).outcome == "conflict"
