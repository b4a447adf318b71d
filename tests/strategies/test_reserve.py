"""A counter in Redis admits, PostgreSQL confirms, and the reconciler keeps the two together."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import redis

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.lease import key
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind
from booking_lab.errors import EventNotFound
from booking_lab.explorer.scheduler.gate import ProcessDied
from booking_lab.locks import redis_counters
from booking_lab.runtime import selection
from booking_lab.runtime.background import BackgroundTask
from booking_lab.runtime.counter_repair import Reconciler
from booking_lab.stack.servers import postgres
from booking_lab.workloads.seats import SeatRequest, Seats
from booking_lab.workloads.tickets import Tickets
from tests.faults.gate import Gate
from tests.faults.proxy import Lose
from tests.workloads.box_office import TICKETS, BoxOffice, asks, crowd

CONFIRMED = (Outcome.CONFIRMED, "")
SOLD_OUT = (Outcome.REFUSED, "sold_out")

#: The messages of a booking when its counter is there, in order.
MESSAGES = ["reservation", "booking, if free", "commit", "reservation"]


@pytest.fixture
def office(office, redis_url):
    """No ticket is sold, Redis knows nothing, and nothing is repaired unless a test does it."""
    for one in office.lab._periodic:
        one.stop()
    return office


def book(office: BoxOffice, request=None, *observers: Observer) -> Booking:
    engine = office.lab.engine.derive(office.lab.bookings, observers)
    return engine.book(TICKETS, request or asks(), office.wish("reserve"))


def told(bookings: Sequence[Booking]) -> list[tuple[Outcome, str]]:
    return [(booking.outcome, booking.code) for booking in bookings]


def generation(office: BoxOffice) -> int:
    return office.ask("SELECT generation FROM lab")[0][0]


def counters(office: BoxOffice) -> list[redis_counters.CounterSnapshot]:
    lab = office.lab
    return redis_counters.sample(lab.redis, lab.servers.identity(), generation(office), 100)


def counted(office: BoxOffice) -> tuple[int, int]:
    """What the only counter says is left, and how many reservations are under way."""
    [counter] = counters(office)
    return counter.left, len(counter.reservations)


def reconcile(office: BoxOffice, left_behind_after: float = 1000) -> int:
    """Repair every counter; return how much was put right."""
    return reconciler(office, TICKETS, left_behind_after).round()


def reconciler(office: BoxOffice, tickets: Tickets, left_behind_after: float = 1000) -> Reconciler:
    lab = office.lab
    workloads = {tickets.name: tickets}
    return Reconciler(lab.redis, workloads, lab.reads, lab.servers.identity, left_behind_after)


class Told(Observer):
    """Takes down what is announced."""

    def __init__(self) -> None:
        self.details: list[str] = []

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        self.details.append(step.detail)
        yield


class Strikes(Observer):
    """Does something before the step of a number, counted from 0."""

    def __init__(self, number: int, strike) -> None:
        self._left = number
        self._strike = strike

    @contextmanager
    def step(self, _step: Step) -> Iterator[None]:
        if self._left == 0:
            self._strike()
        self._left -= 1
        yield


class Dies(Observer):
    """The booker's process ends before the step of a number: it sends nothing any more."""

    def __init__(self, number: int) -> None:
        self._left = number

    @contextmanager
    def step(self, _step: Step) -> Iterator[None]:
        if self._left <= 0:
            raise ProcessDied
        self._left -= 1
        yield


# --- admitting -----------------------------------------------------------------------------------


def test_the_first_booking_fills_the_counter(office):
    watched = Told()

    assert told([book(office, asks(3), watched)]) == [CONFIRMED]

    assert watched.details == ["reservation", "left", *MESSAGES]
    assert counted(office) == (7, 0)
    assert (office.left(), office.findings()) == (7, [])


def test_who_finds_too_little_is_refused_without_postgresql(office):
    book(office, asks(9))
    watched = Told()

    refused = book(office, asks(2), watched)

    assert told([refused]) == [SOLD_OUT]
    assert refused.message == "Not enough is left of ticket_events:1, said its counter in Redis."
    assert watched.details == ["reservation"]
    assert counted(office) == (1, 0)


def test_a_crowd_gets_what_there_is(office):
    with ThreadPoolExecutor(24) as bookers:
        bookings = list(bookers.map(lambda request: book(office, request), crowd(24)))

    assert sorted(told(bookings)) == sorted([CONFIRMED] * 10 + [SOLD_OUT] * 14)
    assert counted(office) == (0, 0)
    assert (office.left(), office.findings()) == (0, [])


def test_what_is_not_there_is_not_found_and_not_counted(office):
    with pytest.raises(EventNotFound):
        book(office, asks(event=999))

    assert counters(office) == []


def test_seats_are_counted_all_or_none(office):
    entry = office.lab.registry.get("reserve")
    wish = replace(office.wish("reserve"), strategy=(entry, entry.create({})))

    def seats(*numbers: str) -> Booking:
        request = SeatRequest(event_id=1, seats=numbers, customer_id="c")
        return office.lab.engine.book(Seats(), request, wish)

    assert told([seats("A1", "A2"), seats("A2", "A3"), seats("A3")]) == [
        CONFIRMED, SOLD_OUT, CONFIRMED,
    ]  # fmt: skip
    left = {one.anchor.name: (one.left, len(one.reservations)) for one in counters(office)}
    assert left == {f"seats:1:A{number}": (0, 0) for number in (1, 2, 3)}


def test_a_cancellation_frees_once_it_is_committed(office):
    booking = book(office, asks(4))
    gate = Gate(StepKind.COMMIT)
    with ThreadPoolExecutor(1) as background:
        cancelled = background.submit(book, office, office.changing(booking, None), gate)
        gate.reached()
        assert counted(office) == (6, 1)
        gate.open()
        assert told([cancelled.result()]) == [CONFIRMED]

    assert counted(office) == (10, 0)
    assert (office.left(), office.findings()) == (10, [])


@pytest.mark.parametrize(("quantity", "left"), [(1, 9), (7, 3)])
def test_a_move_takes_or_frees_the_difference(office, quantity, left):
    booking = book(office, asks(4))

    assert told([book(office, office.changing(booking, quantity))]) == [CONFIRMED]

    assert counted(office) == (left, 0)
    assert office.left() == left


def test_what_frees_needs_no_counter(office):
    booking = office.book(asks(4))

    assert told([book(office, office.changing(booking, None))]) == [CONFIRMED]

    assert (office.left(), counters(office)) == (10, [])


def test_a_reset_leaves_the_counters_behind(office):
    book(office, asks(10))
    assert told([book(office)]) == [SOLD_OUT]

    office.reset()

    assert told([book(office)]) == [CONFIRMED]
    assert counted(office) == (9, 0)


def test_a_counter_that_nobody_uses_is_forgotten(office):
    book(office)
    kept = [office.lab.redis.pttl(key) for key in office.lab.redis.keys("booking-lab:*:left:*")]

    assert len(kept) == 2
    assert all(0 < ms <= redis_counters.KEPT_FOR * 1000 for ms in kept)


def test_a_counter_that_was_filled_meanwhile_keeps_its_value(office):
    """Who has asked PostgreSQL before that booking would set it back."""
    other = Strikes(2, lambda: book(office, asks(3)))

    assert told([book(office, asks(2), other)]) == [CONFIRMED]

    assert counted(office) == (5, 0)


# --- when the counter is wrong -------------------------------------------------------------------


def test_postgresql_refuses_what_a_counter_admits_wrongly(office):
    book(office)
    office.book(asks(9))  # past the counter, which still says 9

    assert told([book(office, asks(2))]) == [SOLD_OUT]

    assert counted(office) == (9, 0)  # given back
    assert reconcile(office) == 1
    assert counted(office) == (0, 0)
    assert office.findings() == []


def test_a_counter_that_refuses_wrongly_is_repaired(office):
    booking = book(office, asks(10))
    office.book(office.changing(booking, None))  # past the counter, which still says 0
    assert told([book(office)]) == [SOLD_OUT]

    assert reconcile(office) == 1

    assert told([book(office)]) == [CONFIRMED]
    assert counted(office) == (9, 0)


def test_what_is_right_is_left_alone(office):
    book(office)

    assert reconcile(office) == 0
    assert reconcile(office, left_behind_after=0) == 0


@pytest.mark.parametrize("number", range(4))
def test_a_booking_under_way_is_counted_once(office, number):
    """Wherever it is between its messages, the reconciler finds nothing to repair."""
    book(office)
    repaired = []

    booking = book(office, asks(2), Strikes(number, lambda: repaired.append(reconcile(office))))

    assert told([booking]) == [CONFIRMED]
    assert repaired == [0]
    assert counted(office) == (7, 0)


@pytest.mark.parametrize("number", range(4))
def test_a_cancellation_under_way_is_counted_once(office, number):
    booking = book(office, asks(2))
    repaired = []

    book(
        office,
        office.changing(booking, None),
        Strikes(number, lambda: repaired.append(reconcile(office))),
    )

    assert repaired == [0]
    assert counted(office) == (10, 0)


def test_a_booking_that_commits_while_it_is_looked_at_is_counted_once(office):
    """It is not among the confirmed yet, so it must not be missing from what is left either."""
    book(office)
    commits, confirms, looked, repaired = (threading.Event() for _ in range(4))

    class Slowly(Observer):
        @contextmanager
        def step(self, step: Step) -> Iterator[None]:
            if step.kind is StepKind.COMMIT:
                commits.set()
                assert looked.wait(20)
            elif step.kind is StepKind.RELEASE:
                confirms.set()
                assert repaired.wait(20)
            yield

    class LooksTwice(Tickets):
        def left(self, session, anchor):
            looked.set()
            assert confirms.wait(20)
            return super().left(session, anchor)

    with ThreadPoolExecutor(1) as background:
        booking = background.submit(book, office, asks(2), Slowly())
        assert commits.wait(20)
        assert reconciler(office, LooksTwice()).round() == 0
        repaired.set()
        assert told([booking.result()]) == [CONFIRMED]

    assert counted(office) == (7, 0)


def test_a_counter_that_changes_meanwhile_is_left_for_another_round(office):
    book(office)
    [seen] = counters(office)
    book(office)

    assert not redis_counters.repair(office.lab.redis, seen, 5, [])
    assert counted(office) == (8, 0)


def test_a_repair_makes_those_of_others_void(office):
    """Two workers look at the same time."""
    book(office)
    office.book(asks(1))
    [seen] = counters(office)

    assert reconcile(office) == 1
    assert not redis_counters.repair(office.lab.redis, seen, 5, [])


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(6))
def test_redis_may_lose_its_memory_at_any_moment(office, number):
    booking = book(office, asks(2), Strikes(number, office.lab.redis.flushdb))

    assert told([booking]) == [CONFIRMED]
    book(office)
    reconcile(office)
    assert counted(office) == (7, 0)
    assert (office.left(), office.findings()) == (7, [])


@pytest.mark.parametrize(("number", "left"), [(0, 9), (1, 9), (2, 9), (3, 7)])
def test_a_booker_that_dies_loses_no_unit_for_ever(office, number, left):
    book(office)
    with pytest.raises(ProcessDied):
        book(office, asks(2), Dies(number))

    assert office.left() == left
    assert counted(office) == ((9, 0) if number == 0 else (7, 1))
    assert reconcile(office) == 0  # it may still be alive
    if number:
        assert reconcile(office, left_behind_after=0) == 1
    assert counted(office) == (left, 0)
    assert told([book(office, asks(left))]) == [CONFIRMED]
    assert told([book(office)]) == [SOLD_OUT]


def test_one_that_was_taken_for_dead_can_still_book(office):
    """Its place is given away meanwhile, and PostgreSQL decides."""
    book(office)
    strike = Strikes(1, lambda: reconcile(office, left_behind_after=0))

    assert told([book(office, asks(9), strike)]) == [CONFIRMED]

    assert counted(office) == (9, 0)
    assert reconcile(office) == 1
    assert counted(office) == (0, 0)
    assert (office.left(), office.findings()) == (0, [])


class LosesAnswers(redis.Redis):
    """Loses the answer to one command, once Redis has carried it out."""

    error: type[Exception] | None = None

    def eval(self, *arguments):
        answer = super().eval(*arguments)
        error, self.error = self.error, None
        if error:
            raise error
        return answer


@pytest.fixture
def deaf(make_office, redis_url):
    """A lab whose Redis client can lose an answer."""
    office = make_office()
    deaf = LosesAnswers.from_url(redis_url)
    object.__setattr__(office.lab.engine._servers, "redis", deaf)
    yield office, deaf
    deaf.close()


@pytest.mark.parametrize("number", [0, 3])
def test_a_script_that_is_sent_again_does_nothing_more(deaf, number):
    office, client = deaf
    book(office)
    lose = Strikes(number, lambda: setattr(client, "error", redis.ConnectionError))

    assert told([book(office, asks(2), lose)]) == [CONFIRMED]

    assert counted(office) == (7, 0)


def test_a_reservation_whose_answer_is_lost_is_repaired(deaf):
    office, client = deaf
    book(office)
    client.error = redis.TimeoutError

    assert told([book(office, asks(2))]) == [(Outcome.ERROR, "redis_unavailable")]

    assert counted(office) == (7, 1)
    assert reconcile(office, left_behind_after=0) == 1
    assert counted(office) == (9, 0)


def test_a_confirmation_that_redis_does_not_hear_is_no_error(deaf):
    office, client = deaf
    book(office)
    away = Strikes(3, lambda: setattr(client, "error", redis.TimeoutError))

    assert told([book(office, asks(2), away)]) == [CONFIRMED]


def test_a_booking_of_which_nobody_knows_keeps_its_units(proxied):
    office, proxy = proxied
    book(office)
    proxy.lose = Lose.REPLY

    assert told([book(office, asks(2))]) == [CONFIRMED]

    assert counted(office) == (7, 1)
    assert reconcile(office, left_behind_after=0) == 1
    assert counted(office) == (7, 0)


def test_a_booking_that_never_came_gives_its_units_back(proxied):
    office, proxy = proxied
    book(office)
    proxy.lose = Lose.COMMIT

    assert told([book(office, asks(2))]) == [(Outcome.ERROR, "database_unavailable")]

    assert counted(office) == (7, 1)
    assert reconcile(office, left_behind_after=0) == 1
    assert counted(office) == (9, 0)
    assert (office.left(), office.findings()) == (9, [])


# --- the worker's housekeeping -------------------------------------------------------------------


def switch(office: BoxOffice, strategy: str) -> None:
    with office.lab.connector.session() as session:
        selection.switch(session, strategy=strategy)


@pytest.mark.parametrize("strategy", ["pessimistic", "reserve"])
def test_a_worker_repairs_whatever_the_current_strategy_is(make_office, strategy):
    """Bookings count under a strategy of their own, and what frees them may not count at all."""
    office = make_office()
    with office.lab.connector.session() as session:
        selection.switch(session, strategy=strategy)
    booking = book(office, asks(10))
    assert told([book(office)]) == [SOLD_OUT]

    office.book(office.changing(booking, None))

    eventually(lambda: counted(office) == (10, 0))
    assert told([book(office, asks(10))]) == [CONFIRMED]


def test_a_worker_repairs_what_a_dead_booker_has_left(make_office):
    office = make_office()
    office.lab.reconciler._left_behind_after = 0
    with pytest.raises(ProcessDied):
        book(office, asks(2), Dies(3))

    eventually(lambda: counted(office) == (10, 0))


def test_a_worker_whose_redis_is_away_waits_for_it(make_office, caplog):
    office = make_office(redis_url="unix:///nowhere/valkey.sock")
    caplog.set_level("WARNING")  # whatever level another test's lab has set

    repair = BackgroundTask("repairing", office.lab.reconciler.round)
    for _ in range(3):
        repair()

    said = [one for one in caplog.records if one.thread == threading.get_ident()]
    assert [one.message[:42] for one in said] == ["repairing failed, and is tried again: Redi"]
    assert office.lab.is_alive


def test_a_counter_that_can_not_be_repaired_keeps_no_other_one_from_it(office, caplog):
    class Fails(Tickets):
        def left(self, session, anchor):
            if dict(anchor.key)["id"] == 1:
                raise KeyError("a bug")
            return super().left(session, anchor)

    for event in (1, 2):
        office.book(office.changing(book(office, asks(5, event=event)), None))
    repairs = reconciler(office, Fails())

    assert [repairs.round(), repairs.round()] == [1, 0]

    assert {one.anchor.name: one.left for one in counters(office)} == {
        "ticket_events:1": 5, "ticket_events:2": office.left("2"),
    }  # fmt: skip
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == [
        "the counter of ticket_events:1 can't be repaired"
    ]


def test_two_labs_with_one_redis_share_no_counter(make_office, servers, admin_session):
    """Also where both have booked as much, and were reset as often."""
    one = make_office()
    admin_session(f"CREATE DATABASE neighbours TEMPLATE {postgres.NAME} STRATEGY file_copy")
    url = postgres.url(servers.run_folder, "neighbours")
    try:
        other = make_office(database_url=url)
        assert told([book(one, asks(10)), book(other, asks(10))]) == [CONFIRMED] * 2
        assert (counted(one), counted(other)) == ((0, 0), (0, 0))

        one.reset()

        assert told([book(one, asks(4)), book(other)]) == [CONFIRMED, SOLD_OUT]
        assert (counted(one), counted(other)) == ((6, 0), (0, 0))
    finally:
        other.lab.stop()
        admin_session("DROP DATABASE neighbours WITH (FORCE)")


def test_names_from_redis_are_not_trusted(office):
    index = key(office.lab.servers.identity(), "left", str(generation(office)))
    for name in (
        "no JSON",
        "7",
        '["tickets", "ticket_events"]',
        '["tickets", "lab; DROP TABLE attempts", []]',
        '["tickets", "lab", [["1=1--", 1]]]',
    ):
        office.lab.redis.sadd(index, name)

    assert reconcile(office) == 0
    assert office.lab.redis.smembers(index) == set()
