"""One writer books for all who wait."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.group_commit.queue import BookingQueues
from booking_lab.core.step import StepKind
from booking_lab.db.pool import Pool
from booking_lab.runtime import selection, worker_registry
from booking_lab.runtime.engine import BookingContext
from tests.faults.proxy import Lose
from tests.strategies.line import Line
from tests.workloads.box_office import TICKETS, TRACE, BoxOffice, asks, crowd

CONFIRMED = (Outcome.CONFIRMED, "")
SOLD_OUT = (Outcome.REFUSED, "sold_out")


def queue(office: BoxOffice, **options) -> BookingContext:
    entry = office.lab.registry.get("queue")
    return BookingContext(TRACE, (entry, entry.create(options)))


def standing(office: BoxOffice, requests: Sequence, line: Line | None = None, **options):
    lab = office.lab
    return (line or Line()).standing(
        lab.engine, lab.bookings, TICKETS, requests, queue(office, **options)
    )


def served(office: BoxOffice, requests: Sequence, line: Line | None = None, **options):
    """Book what stands in line, all of it at once."""
    with standing(office, requests, line, **options) as answers:
        return answers()


def told(bookings: Sequence[Booking]) -> list[tuple[Outcome, str]]:
    return [(booking.outcome, booking.code) for booking in bookings]


def transactions(office: BoxOffice) -> int:
    """How many transactions the bookings come from."""
    return office.ask("SELECT count(DISTINCT xmin::text) FROM ticket_bookings")[0][0]


# --- a batch -------------------------------------------------------------------------------------


def test_all_who_wait_are_booked_in_one_transaction(office):
    line = Line()
    bookings = served(office, crowd(5), line)

    assert told(bookings) == [CONFIRMED] * 5
    assert len({booking.booking_id for booking in bookings}) == 5
    assert transactions(office) == 1
    assert line.details.count("row lock") == line.details.count("commit") == 1
    assert (office.left(), office.findings()) == (5, [])


def test_who_waits_needs_no_connection(office):
    pool = Pool("small", office.lab.connector, 1, timeout=0.1)
    engine = office.lab.engine.derive(pool, [])
    with Line().standing(engine, pool, TICKETS, crowd(8), queue(office)) as answers:
        assert pool.in_use == 1  # the writer's
        assert told(answers()) == [CONFIRMED] * 8
    pool.close()


def test_a_connection_that_died_while_it_was_idle_is_replaced(make_office):
    office = make_office()

    def book() -> Booking:
        return office.lab.engine.book(TICKETS, asks(), queue(office))

    assert told([book()]) == [CONFIRMED]
    ended = office.ask(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert ended
    assert told([book()]) == [CONFIRMED]
    assert office.left() == 8


def test_what_is_refused_is_refused_to_its_own_booker(office):
    """Each is decided on what those before it have left."""
    bookings = served(office, [asks(quantity) for quantity in (6, 5, 4, 1)])

    assert told(bookings) == [CONFIRMED, SOLD_OUT, CONFIRMED, SOLD_OUT]
    assert "4 are left, and 5 were asked for" in bookings[1].message
    assert transactions(office) == 1
    assert (office.left(), office.findings()) == (0, [])


def test_a_writer_that_is_refused_itself_books_for_the_others(office):
    bookings = served(office, [asks(11), asks(2), asks(1)])

    assert told(bookings) == [SOLD_OUT, CONFIRMED, CONFIRMED]
    assert bookings[0].booking_id is None
    assert (transactions(office), office.left(), office.findings()) == (1, 7, [])


def test_a_batch_in_which_all_are_refused_writes_nothing(office):
    office.book(asks(10))

    assert told(served(office, crowd(3))) == [SOLD_OUT] * 3
    assert office.findings() == []


def test_a_batch_has_its_bound(office):
    assert told(served(office, crowd(5), most=2)) == [CONFIRMED] * 5
    assert transactions(office) == 3


def test_bookings_under_other_options_are_a_line_of_their_own(office):
    with standing(office, crowd(2), Line("row lock"), most=8) as answers:
        other = office.lab.engine.book(TICKETS, asks(), queue(office, most=9))
        assert told([other]) == [CONFIRMED]
        assert told(answers()) == [CONFIRMED] * 2


def test_what_moves_or_cancels_a_booking_is_alone(office):
    booking = office.book(asks(2), "queue")
    requests = [asks(1), office.changing(booking, 3), office.changing(booking, None), asks(1)]

    # The cancellation finds what the move has left, and that isn't what it was to give back.
    not_held = (Outcome.REFUSED, "not_held")
    assert told(served(office, requests)) == [CONFIRMED, CONFIRMED, not_held, CONFIRMED]
    assert (office.left(), office.findings()) == (5, [])


def test_nothing_stays_of_a_line(office):
    served(office, crowd(3))

    assert not BookingQueues.of(office.lab.engine._servers.memory)._waiting


# --- faults --------------------------------------------------------------------------------------


@pytest.fixture
def dear(office):
    """Tickets of which ten have a total and eleven have none: it has too many digits."""
    price = "UPDATE ticket_events SET ticket_price = {} WHERE id = 1 RETURNING 1"
    [(before,)] = office.ask("SELECT ticket_price FROM ticket_events WHERE id = 1")
    office.ask(price.format("9999999.99"))
    office.ask("UPDATE ticket_events SET available_tickets = 20 WHERE id = 1 RETURNING 1")
    yield
    office.ask(price.format(before))


def test_one_bad_booking_does_not_spoil_the_others(office, dear):
    """The statement fails for all of them; then each tries again alone, one after the other."""
    pool = Pool("small", office.lab.connector, 1, timeout=0.1)
    requests = [asks(1), asks(11), asks(2)]
    with Line().standing(office.lab.engine, pool, TICKETS, requests, queue(office)) as answers:
        bookings = answers()
    pool.close()

    assert told(bookings) == [CONFIRMED, (Outcome.ERROR, "strategy_fault"), CONFIRMED]
    assert [booking.tries for booking in bookings] == [2, 2, 2]
    assert transactions(office) == 2
    assert office.left() == 17


def test_a_writer_that_is_torn_out_leaves_the_others_with_an_answer(office):
    class Interrupted(Line):
        @contextmanager
        def step(self, step):
            with super().step(step):
                yield
                if step.detail == "bookings":
                    raise SystemExit

    with pytest.raises(SystemExit):
        served(office, crowd(3), Interrupted())

    assert told(served(office, crowd(2))) == [CONFIRMED] * 2
    assert office.findings() == []
    assert office.left() == 8
    outcomes = office.ask("SELECT outcome, count(*) FROM attempts GROUP BY 1 ORDER BY 1")
    assert outcomes == [("confirmed", 2), ("error", 2)]


@pytest.mark.parametrize("torn", [1, 2])
@pytest.mark.parametrize("when", ["while it waits", "when it is woken up"])
def test_who_is_torn_away_in_line_keeps_nobody_from_waking_up(office, torn, when):
    """Each wakes up the next; those behind would sleep until their time is over."""
    drawn = threading.Event()

    class Interrupted(Line):
        @contextmanager
        def step(self, step):
            number = int(step.booking.request.customer_id.partition("@")[0])
            mine = number == torn and step.kind is StepKind.WAIT
            if mine and when == "while it waits":
                self._stopped.release()
                assert drawn.wait(20)
                raise SystemExit
            with super().step(step):
                if step.detail == "bookings":
                    drawn.set()
                    # Those who wait have been drawn, and wait for the writer's end.
                yield
            if mine:
                raise SystemExit

    begin = time.monotonic()
    with (
        standing(office, crowd(5), Interrupted(), wait=90.0) as answers,
        pytest.raises(SystemExit),
    ):
        answers()

    assert time.monotonic() - begin < 60, "somebody slept until its time was over"
    outcomes = office.ask("SELECT count(*) FROM ticket_bookings")
    assert outcomes == [(5,)]
    assert told(served(office, crowd(2))) == [CONFIRMED] * 2


def test_all_of_a_batch_are_confirmed_whose_reply_to_commit_is_lost(proxied):
    office, proxy = proxied
    proxy.lose = Lose.REPLY

    bookings = served(office, [asks(6), asks(6), asks(4)])

    # What was refused was so because of a commit of which nobody knew.
    assert told(bookings) == [CONFIRMED, (Outcome.ERROR, "database_unavailable"), CONFIRMED]
    assert bookings[2].message == "Booking confirmed; the answer to its COMMIT was lost"
    assert proxy.lost == 1
    assert (office.left(), office.findings()) == (0, [])


def test_none_of_a_batch_is_booked_whose_commit_never_arrived(proxied):
    office, proxy = proxied
    proxy.lose = Lose.COMMIT

    bookings = served(office, crowd(3))

    assert told(bookings) == [(Outcome.ERROR, "database_unavailable")] * 3
    assert [booking.booking_id for booking in bookings] == [None] * 3
    assert (office.left(), office.findings()) == (10, [])


# --- waiting -------------------------------------------------------------------------------------


@pytest.fixture
def row_lock(database_url):
    """Hold the counter's row for the test."""
    with psycopg2.connect(database_url) as other:
        other.cursor().execute("SELECT 1 FROM ticket_events WHERE id = 1 FOR UPDATE")
        yield other
    other.close()


def test_a_turn_that_does_not_come_is_a_timeout(office):
    """The writer is at work without it; who comes behind does not wait for ever."""
    wish = queue(office, wait=0.1)
    with standing(office, [asks()], Line("row lock"), wait=0.1) as answers:
        late = office.lab.engine.book(TICKETS, asks(), wish)
        assert told([late]) == [(Outcome.TIMEOUT, "lock_timeout")]
        assert told(answers()) == [CONFIRMED]

    assert told([office.lab.engine.book(TICKETS, asks(), wish)]) == [CONFIRMED]
    assert office.left() == 8


def test_who_is_in_a_batch_waits_for_its_end(office):
    """It may be booked any moment; to give up now would be to give the wrong answer."""
    line = Line("queue", "state")
    with standing(office, crowd(2), line, wait=0.1) as answers:
        line.let_go("queue")
        line.wait()  # the writer has drawn both
        line.wait()  # the other's time is over, and it waits on
        assert told(answers()) == [CONFIRMED] * 2


def test_a_row_lock_that_does_not_come_is_a_timeout_for_all(make_office, row_lock):
    office = make_office(lock_timeout=0.1)

    bookings = served(office, crowd(3), Line("row lock"))

    assert told(bookings) == [(Outcome.TIMEOUT, "lock_timeout")] * 3


def test_a_connection_that_does_not_come_is_a_timeout_for_all(make_office):
    office = make_office(booking_pool=1, pool_timeout=0.1)
    office.book(asks(), "queue")
    with (
        office.lab.bookings.session(selection.read),
        ThreadPoolExecutor(3) as bookers,
    ):
        bookings = list(bookers.map(lambda one: office.book(one, "queue"), crowd(3)))

    assert told(bookings) == [(Outcome.TIMEOUT, "pool_timeout")] * 3
    assert told([office.book(asks(), "queue")]) == [CONFIRMED]


def test_a_writer_that_never_draws_lets_the_next_one_write(office):
    class Interrupted(Line):
        @contextmanager
        def step(self, step):
            with super().step(step):
                if step.detail == "row lock" and self.details.count("row lock") == 1:
                    raise SystemExit
                yield

    line = Interrupted("row lock")
    with standing(office, crowd(3), line) as answers, pytest.raises(SystemExit):
        answers()

    assert office.findings() == []
    assert office.left() == 8


# --- several workers, switches, resets -----------------------------------------------------------


def test_writers_of_several_workers_meet_at_the_row(make_office):
    offices = [make_office(), make_office()]
    with ThreadPoolExecutor(24) as bookers:
        answers = [
            bookers.submit(offices[number % 2].book, request, "queue")
            for number, request in enumerate(crowd(24))
        ]
        bookings = [answer.result() for answer in answers]

    assert sorted(told(bookings)) == sorted([CONFIRMED] * 10 + [SOLD_OUT] * 14)
    offices[0].findings()
    assert (offices[0].left(), offices[1].findings()) == (0, [])


def current(office: BoxOffice) -> selection.Selection:
    with office.lab.connector.session() as session:
        return selection.read(session)


def test_who_stands_in_line_when_the_lab_is_reset_begins_again(office):
    """It would be told of a reset that was over before it was anybody's turn."""
    with standing(office, crowd(3), Line("row lock")) as answers:
        office.reset()
        bookings = answers()

    assert told(bookings) == [CONFIRMED] * 3
    assert {one.request.generation for one in bookings} == {current(office).generation}
    assert [one.tries for one in bookings] == [1, 1, 1]
    assert (office.left(), office.findings()) == (7, [])


def test_what_a_writer_has_read_is_not_written_after_a_reset(make_office):
    """The reset waits for the row, and clears what was booked."""
    office = make_office()
    with (
        standing(office, crowd(1), Line("state")) as answers,
        ThreadPoolExecutor(1) as background,
    ):
        reset = background.submit(office.reset)
        eventually(office.somebody_waits)
        assert told(answers()) == [CONFIRMED]
        assert reset.result() == 1

    assert (office.left(), office.findings()) == (10, [])


def switch(office: BoxOffice, strategy: str) -> int:
    with office.lab.connector.session() as session:
        return selection.switch(session, strategy=strategy).after.epoch


@pytest.fixture
def under_queue(make_office):
    """A lab whose current strategy is the queue, and nobody wishes for another."""
    office = make_office()
    switch(office, "queue")
    return office


def test_who_stands_in_line_at_a_switch_books_under_the_new_strategy(under_queue):
    office, line = under_queue, Line()
    lab = office.lab
    with line.standing(
        lab.engine, lab.bookings, TICKETS, crowd(3), BookingContext(TRACE)
    ) as answers:
        epoch = switch(office, "pessimistic")
        assert lab.engine.in_flight.older_than(epoch)  # the switch waits for them
        bookings = answers()

    assert told(bookings) == [CONFIRMED] * 3
    assert {(one.strategy.name, one.epoch) for one in bookings} == {("pessimistic", epoch)}
    assert transactions(office) == 3
    assert worker_registry.wait_drained(lab.connector.session, epoch, timeout=5)
    rows = office.ask("SELECT DISTINCT strategy, epoch FROM attempts")
    assert (rows, office.findings()) == ([("pessimistic", epoch)], [])


def test_a_booking_that_begins_after_a_switch_runs_the_new_strategy(under_queue):
    """Also in a worker that has heard nothing of it."""
    engine = under_queue.lab.engine
    for strategy in ("queue", "pessimistic", "queue", "atomic", "queue"):
        epoch = switch(under_queue, strategy)
        booking = engine.book(TICKETS, asks(), BookingContext(TRACE))
        assert (booking.strategy.name, booking.epoch) == (strategy, epoch)


def test_a_switch_does_not_wait_for_what_begins_after_it(under_queue):
    lab = under_queue.lab
    epoch = switch(under_queue, "queue")
    with Line().standing(
        lab.engine, lab.bookings, TICKETS, crowd(2), BookingContext(TRACE)
    ) as answers:
        assert len(lab.engine.in_flight) == 2
        assert worker_registry.wait_drained(lab.connector.session, epoch, timeout=5)
        assert {one.epoch for one in answers()} == {epoch}


def test_a_switch_waits_for_the_batch_under_way(under_queue):
    lab = under_queue.lab
    line = Line("bookings")
    with line.standing(
        lab.engine, lab.bookings, TICKETS, crowd(1), BookingContext(TRACE)
    ) as answers:
        epoch = switch(under_queue, "none")
        assert not worker_registry.wait_drained(lab.connector.session, epoch, timeout=0.1)
        [booking] = answers()
        assert worker_registry.wait_drained(lab.connector.session, epoch, timeout=5)

    assert (booking.strategy.name, booking.epoch) == ("queue", epoch - 1)
