"""An observer that fails changes nothing for the booking, nor for the other observers."""

import logging
from contextlib import contextmanager

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core import observer as observing
from booking_lab.core.booking import Outcome
from booking_lab.core.observer import Observer
from booking_lab.core.step import StepKind
from booking_lab.errors import Busy, Unavailable
from booking_lab.runtime.engine import BookingContext
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.web.test_booking import book
from tests.web.test_own_workload import folder, own

__all__ = ["folder", "own"]

STRATEGIES = ["none", "pessimistic", "distributed", "queue", "reserve", "optimistic"]
WHEN = ["asked", "before", "after"]


class Fails(Observer):
    """Fails when it is asked for a block, before the block or after it.

    Args:
        when: one of these.
        kinds: at these steps; none: around the booking.
        error: what with.
    """

    def __init__(self, when, kinds=(), error=KeyError):
        self._when, self._kinds, self._error = when, kinds, error
        self.failed = 0

    def booking(self, booking):
        return super().booking(booking) if self._kinds else self._watched()

    def step(self, step):
        return self._watched() if step.kind in self._kinds else super().step(step)

    def _watched(self):
        if self._when == "asked":
            self._fail()
        return self._block()

    @contextmanager
    def _block(self):
        if self._when == "before":
            self._fail()
        try:
            yield
        finally:
            if self._when == "after":
                self._fail()

    def _fail(self):
        self.failed += 1
        raise self._error("a bug")


class Sees(Observer):
    """Takes down what it is shown."""

    def __init__(self):
        self.seen = []

    @contextmanager
    def booking(self, booking):
        self.seen.append("begins")
        yield
        self.seen.append(str(booking.outcome))

    @contextmanager
    def step(self, step):
        self.seen.append(step.kind)
        yield


@pytest.fixture(autouse=True)
def forget_what_was_told():
    """Each kind of error is told once in a process."""
    observing._logged.clear()


def booked(client, strategy, *observers, seat="A1"):
    lab = client.application.extensions["lab"]
    entry = lab.registry.get(strategy)
    engine = lab.engine.derive(lab.bookings, observers)
    request = SeatRequest(event_id=1, seats=(seat,), customer_id="c")
    return engine.book(Seats(), request, BookingContext("0" * 32, (entry, entry.create({}))))


def row(client, booking):
    """What the ledger says of a booking, once it says how it was answered."""
    lab = client.application.extensions["lab"]
    query = "SELECT outcome, answered FROM attempts WHERE id = %(id)s AND answered IS NOT NULL"
    with lab.connector.session() as session:
        return eventually(lambda: session.execute(query, {"id": str(booking.request.id)}))


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_may_fail_at_every_step(quick, strategy, when, subtests):
    plain = Sees()
    assert booked(quick, strategy, plain, seat="J1").outcome is Outcome.CONFIRMED
    for number, kinds in enumerate([tuple(StepKind), (), *([one] for one in StepKind)]):
        with subtests.test(str(kinds)):
            fails, sees = Fails(when, kinds), Sees()
            seat = f"B{number + 1}"

            booking = booked(quick, strategy, fails, sees, seat=seat)
            refused = booked(quick, strategy, fails, seat=seat)

            assert (booking.outcome, booking.message) == (Outcome.CONFIRMED, "Booking confirmed")
            assert refused.outcome is Outcome.REFUSED
            assert fails.failed or list(kinds) not in plain.seen
            assert sees.seen == plain.seen
            assert row(quick, booking) == [("confirmed", "confirmed")]
            assert row(quick, refused) == [("refused", "refused")]
    assert quick.get("/admin/audit").json["consistent"]


def test_it_is_told_once(quick, caplog):
    caplog.set_level(logging.ERROR)
    fails = Fails("after", tuple(StepKind))
    for seat in ("A1", "A2"):
        booked(quick, "pessimistic", fails, seat=seat)

    assert fails.failed > 4
    told = [one.message for one in caplog.records if one.name == observing.__name__]
    assert told == ["an observer failed, and is ignored: KeyError('a bug')"]


def test_it_hides_no_error_of_the_booking(quick):
    class Swallows(Observer):
        @contextmanager
        def step(self, _step):
            try:
                yield
            except Exception:
                return

    assert booked(quick, "pessimistic", Swallows()).outcome is Outcome.CONFIRMED
    assert booked(quick, "pessimistic", Swallows()).code == "seat_taken"


@pytest.mark.parametrize("kind", [StepKind.READ, StepKind.WRITE, StepKind.COMMIT])
def test_it_can_keep_a_step_from_beginning(quick, kind):
    """By one of the lab's own errors; then nothing is left open."""
    booking = booked(quick, "pessimistic", Fails("before", [kind], Busy))

    assert (booking.outcome, booking.code) == (Outcome.CONFLICT, "busy")
    assert booking.tries > 1
    assert quick.get("/events/1").json["seats"]["booked"] == 0
    assert booked(quick, "pessimistic").outcome is Outcome.CONFIRMED


def test_it_can_keep_a_booking_from_beginning(quick):
    booking = booked(quick, "pessimistic", Fails("before", (), Unavailable))

    assert (booking.outcome, booking.code) == (Outcome.ERROR, "unavailable")
    assert row(quick, booking) == [("error", "error")]


@pytest.mark.parametrize("strategy", ["distributed", "reserve", "mutex"])
def test_after_the_commit_it_can_keep_nothing_from_being_confirmed(quick, strategy):
    booking = booked(quick, strategy, Fails("before", [StepKind.RELEASE], Unavailable))

    assert booking.outcome is Outcome.CONFIRMED
    assert row(quick, booking) == [("confirmed", "confirmed")]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("SystemExit(3)", "called sys.exit(3)"),
        ("KeyboardInterrupt", "raised KeyboardInterrupt()"),
        ("GeneratorExit", "raised GeneratorExit()"),
    ],
)
def test_a_plug_in_that_calls_exit_ends_its_request_alone(make_client, tmp_path, raised, told):
    text = f'''
"""Leaves."""
from dataclasses import dataclass
from booking_lab import Attempt, Strategy

@dataclass(frozen=True)
class Leaves(Strategy):
    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.read()
            raise {raised}
'''
    (tmp_path / "leaves.py").write_text(text)
    client = make_client(strategy_folders=(str(tmp_path),), booking_pool=1)

    for _ in range(3):
        answer = book(client, strategy="leaves")
        assert (answer.status_code, answer.json["code"]) == (500, "plugin_fault")
        assert f"A plug-in's code has {told}." in answer.json["detail"]
    race = {"event_id": 1, "seat_number": "A1", "customers": 2, "strategy": "leaves"}
    assert client.post("/admin/race", json=race).json["code"] == "plugin_fault"
    assert book(client).status_code == 201
    assert client.post("/admin/think-time", json={"think_time_ms": 0}).json["drained"]


def test_a_history_says_what_it_can_not_take_down(make_client, own, monkeypatch, tmp_path):
    """A booking that it doesn't know of would make it worthless."""
    lab = own.application.extensions["lab"]
    history = tmp_path / "history.jsonl"
    client = make_client(workload_folders=lab.settings.workload_folders, history=str(history))
    desks = client.application.extensions["lab"].workloads.get("desks")

    def fails(_request):
        raise KeyError("a bug")

    monkeypatch.setattr(desks, "anchors", fails)
    body = {"kind": "desks", "floor": 1, "desk": "a", "customer_id": "c1", "strategy": "none"}
    answer = client.post("/api/bookings", json=body)

    assert (answer.status_code, answer.json["code"]) == (500, "plugin_fault")
    assert client.get("/api/bookings?kind=desks").json["bookings"] == []
    assert book(client).status_code == 201
