"""What a strategy must not do with an attempt is refused before it harms, or harms nobody."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass

import pytest

from booking_lab import (
    Attempt,
    Capability,
    Conflict,
    Mutex,
    Refused,
    Retry,
    StepKind,
    Strategy,
)
from booking_lab.core.booking import Booking, Outcome
from booking_lab.errors import CommitUnknown, StrategyFault
from booking_lab.runtime import selection
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.strategy_registry import StrategyInfo
from tests.faults.proxy import Lose
from tests.strategies.line import Line
from tests.workloads.box_office import TICKETS, TRACE, BoxOffice, asks, crowd

CONFIRMED = (Outcome.CONFIRMED, "")
#: It was booked before the strategy did what it must not.
AFTERWARDS = (Outcome.CONFIRMED, "strategy_fault")
FAULT = (Outcome.ERROR, "strategy_fault")


def wish(
    act: Callable[[Attempt], None], needs: frozenset[Capability] = frozenset()
) -> BookingContext:
    """Book as ``act`` does."""

    @dataclass(frozen=True)
    class Acts(Strategy):
        @property
        def retry(self) -> Retry:
            return Retry(attempts=3, base=0.001)

        def book(self, attempt: Attempt) -> None:
            act(attempt)

    Acts.needs = needs
    return BookingContext(TRACE, (StrategyInfo("acts", Acts), Acts()))


def books(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.write(attempt.decide(attempt.read()))


# --- what is refused, and nothing is booked -------------------------------------------------------


def writes_twice(attempt: Attempt) -> None:
    with attempt.transaction():
        change = attempt.decide(attempt.read())
        attempt.write(change)
        attempt.write(change)


def writes_in_two_ways(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.write(attempt.decide(attempt.read()))
        attempt.write_if()


def writes_outside(attempt: Attempt) -> None:
    attempt.write(attempt.decide(attempt.read()))


def writes_outside_if_it_can(attempt: Attempt) -> None:
    attempt.write_if()


def writes_outside_then_commits_nothing(attempt: Attempt) -> None:
    with attempt.transaction():
        change = attempt.decide(attempt.read())
    attempt.write(change)


def opens_one_inside_of_another(attempt: Attempt) -> None:
    with attempt.transaction(), attempt.transaction():
        attempt.write(attempt.decide(attempt.read()))


def opens_one_inside_of_another_after_writing(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.write(attempt.decide(attempt.read()))
        with attempt.transaction():
            pass


def commits_nothing(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.decide(attempt.read())


def swallows_what_it_was_refused(attempt: Attempt) -> None:
    with attempt.transaction():
        attempt.write(attempt.decide(attempt.read()))
        try:
            attempt.write_if()
        except StrategyFault:
            raise Refused from None


def leaves_one_open(attempt: Attempt) -> None:
    block = attempt.transaction()
    block.__enter__()
    KEPT.append(block)
    attempt.write(attempt.decide(attempt.read()))


def lends_itself_to_a_thread(attempt: Attempt) -> None:
    errors: list[Exception] = []

    def in_thread() -> None:
        for use in (attempt.read, lambda: books(attempt), attempt.versions):
            try:
                use()
            except StrategyFault as error:
                errors.append(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    assert len(errors) == 3
    raise errors[0]


#: What strategies keep beyond their end.
KEPT: list[object] = []

REFUSED = [
    writes_twice, writes_in_two_ways, writes_outside, writes_outside_if_it_can,
    writes_outside_then_commits_nothing, opens_one_inside_of_another,
    opens_one_inside_of_another_after_writing, commits_nothing, leaves_one_open,
    lends_itself_to_a_thread,
]  # fmt: skip


def book(office: BoxOffice, act: Callable[[Attempt], None]) -> Booking:
    needs = frozenset({Capability.CONDITIONAL_WRITE})
    return office.lab.engine.book(TICKETS, asks(2), wish(act, needs))


def told(booking: Booking) -> tuple[Outcome | None, str]:
    return booking.outcome, booking.code


def check_goes_on(office: BoxOffice, left: int) -> None:
    """The books are right, and connections are as they were."""
    assert (office.left(), office.findings()) == (left, [])
    for strategy in ("pessimistic", "mutex", "queue", "reserve"):
        assert told(office.book(asks(), strategy)) == CONFIRMED
    assert (office.left(), office.findings()) == (left - 4, [])


@pytest.mark.parametrize("act", REFUSED)
def test_what_it_must_not_do_books_nothing(office, act):
    booking = book(office, act)

    assert told(booking) == FAULT
    assert "Strategy acts " in booking.message
    assert booking.booking_id is None
    check_goes_on(office, 10)
    KEPT.clear()


@pytest.mark.parametrize(
    ("end", "left"),
    [
        ("ROLLBACK", 10),
        ("ROLLBACK AND CHAIN", 10),
        ("ROLLBACK; BEGIN", 10),
        ("ROLLBACK TO before", 10),
        ("COMMIT", 8),
        ("COMMIT AND CHAIN", 8),
    ],
)
def test_who_ends_the_transaction_by_itself_gets_no_confirmation(office, end, left):
    def ends_it(attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.statement(StepKind.READ, "a place to go back to", "SAVEPOINT before")
            attempt.write(attempt.decide(attempt.read()))
            attempt.statement(StepKind.WRITE, "its end", end)

    booking = book(office, ends_it)

    assert told(booking) == FAULT
    assert "by a statement of its own" in booking.message
    assert office.left() == left  # by its own COMMIT it has booked; the audit finds the orphan


def test_a_statement_of_its_own_behind_the_write_is_no_fault(office):
    def adds_something(attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.write(attempt.decide(attempt.read()))
            for statement in ("SAVEPOINT s", "SELECT 1", "ROLLBACK TO s", "NOTIFY somebody"):
                attempt.statement(StepKind.WRITE, "something of its own", statement)

    assert told(book(office, adds_something))[0] is Outcome.CONFIRMED
    assert office.left() == 8


def test_what_it_answers_itself_is_the_answer(office):
    assert told(book(office, swallows_what_it_was_refused)) == (Outcome.REFUSED, "refused")
    check_goes_on(office, 10)


# --- what comes after the commit changes nothing --------------------------------------------------


def opens_another(attempt: Attempt) -> None:
    books(attempt)
    with attempt.transaction():
        pass


def books_again(attempt: Attempt) -> None:
    books(attempt)
    books(attempt)


def writes_once_more(attempt: Attempt) -> None:
    books(attempt)
    attempt.write_if()


def fails(attempt: Attempt) -> None:
    books(attempt)
    raise KeyError("a bug")


def wants_to_try_again(attempt: Attempt) -> None:
    books(attempt)
    raise Conflict


def says_no(attempt: Attempt) -> None:
    books(attempt)
    raise Refused


def does_not_know(attempt: Attempt) -> None:
    books(attempt)
    raise CommitUnknown


class Unspeakable(Exception):
    def __repr__(self) -> str:
        raise ValueError("no words for it")

    __str__ = __repr__


def fails_without_words(attempt: Attempt) -> None:
    books(attempt)
    raise Unspeakable


def leaves(attempt: Attempt) -> None:
    books(attempt)
    sys.exit("done")


def is_interrupted(attempt: Attempt) -> None:
    books(attempt)
    raise KeyboardInterrupt


def is_closed(attempt: Attempt) -> None:
    books(attempt)
    raise GeneratorExit


class OfItsOwn(BaseException):
    """What ``except Exception`` doesn't catch."""


def fails_beyond(attempt: Attempt) -> None:
    books(attempt)
    raise OfItsOwn


class Stubborn:
    """A lock that can't be given back."""

    def lease(self, *_: object) -> Stubborn:
        return self

    def try_acquire(self, _: object) -> bool:
        return True

    def release(self, _: object) -> bool:
        raise OfItsOwn


def cannot_let_go(attempt: Attempt) -> None:
    with attempt.holding(Stubborn(), wait=1):  # type: ignore[arg-type]
        books(attempt)


AFTER = [
    opens_another, books_again, writes_once_more, fails, wants_to_try_again, says_no, does_not_know,
    fails_without_words, leaves, is_interrupted, is_closed, fails_beyond,
]  # fmt: skip


@pytest.mark.parametrize("act", AFTER)
def test_what_is_committed_stays_confirmed(office, act):
    booking = book(office, act)

    assert (told(booking), booking.tries) == (AFTERWARDS, 1)
    assert booking.message.startswith("Booking confirmed; then strategy acts failed: ")
    check_goes_on(office, 8)


def test_a_lock_that_cannot_be_given_back_is_no_error_of_the_booking(office):
    assert told(book(office, cannot_let_go)) == CONFIRMED


def says_much(attempt: Attempt) -> None:
    books(attempt)
    raise ValueError("x" * 2_000_000)


def says_much_before(attempt: Attempt) -> None:
    raise ValueError("x" * 2_000_000)


def says_much_of_no(attempt: Attempt) -> None:
    raise Refused("x" * 2_000_000)


@pytest.mark.parametrize("act", [says_much, says_much_before, says_much_of_no])
def test_what_a_strategy_says_is_cut(office, act):
    message = book(office, act).message

    assert len(message) < 3_000
    assert "(cut: 2,000,0" in message


def test_an_error_without_words_is_a_fault_like_any_other(office):
    class Wordless(Unspeakable, Conflict):
        pass

    def fails_at_once(_: Attempt) -> None:
        raise Unspeakable

    def has_a_conflict(_: Attempt) -> None:
        raise Wordless

    assert told(book(office, fails_at_once)) == FAULT
    assert told(book(office, has_a_conflict)) == (Outcome.CONFLICT, "conflict")
    check_goes_on(office, 10)


def test_it_may_read_after_its_commit(office):
    def looks(attempt: Attempt) -> None:
        books(attempt)
        attempt.read()
        attempt.statement("read", "anything", "SELECT 1")

    assert told(book(office, looks)) == CONFIRMED
    check_goes_on(office, 8)


def test_it_may_try_again_by_itself(office):
    """What was rolled back is not written, and does not count."""

    def tries_twice(attempt: Attempt) -> None:
        try:
            with attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
                raise Conflict
        except Conflict:
            books(attempt)

    assert told(book(office, tries_twice)) == CONFIRMED
    check_goes_on(office, 8)


def test_it_may_read_in_a_transaction_and_write_in_another(office):
    def in_two(attempt: Attempt) -> None:
        with attempt.transaction():
            change = attempt.decide(attempt.read())
        with attempt.transaction():
            attempt.write(change)

    assert told(book(office, in_two)) == CONFIRMED
    check_goes_on(office, 8)


def swallow(attempt: Attempt) -> None:
    try:
        books(attempt)
    except CommitUnknown:
        return


def wrap(attempt: Attempt) -> None:
    try:
        books(attempt)
    except CommitUnknown as error:
        raise RuntimeError("something went wrong") from error


def try_again(attempt: Attempt) -> None:
    try:
        books(attempt)
    except CommitUnknown:
        raise Conflict from None


def book_again(attempt: Attempt) -> None:
    try:
        books(attempt)
    except CommitUnknown:
        books(attempt)


@pytest.mark.parametrize("act", [swallow, wrap, try_again, book_again])
@pytest.mark.parametrize("lost", [Lose.REPLY, Lose.COMMIT])
def test_whoever_hides_that_the_outcome_is_unknown_is_not_believed(proxied, act, lost):
    office, proxy = proxied
    proxy.lose = lost

    booking = book(office, act)

    proxy.lose = Lose.NOTHING
    if lost is Lose.REPLY:
        assert (told(booking), booking.tries) == (CONFIRMED, 1)
    else:
        assert told(booking) == (Outcome.ERROR, "database_unavailable")
    check_goes_on(office, 8 if lost is Lose.REPLY else 10)


# --- an attempt that is over ----------------------------------------------------------------------


def test_an_attempt_ends_with_its_book(office):
    """Its connection may be another booking's by then."""

    def keeps(attempt: Attempt) -> None:
        books(attempt)
        KEPT.append(attempt)

    assert told(book(office, keeps)) == CONFIRMED
    attempt = KEPT.pop()
    assert isinstance(attempt, Attempt)

    for use in (
        attempt.read, attempt.versions, attempt.token, attempt.write_if, attempt.lock_rows,
        lambda: attempt.decide(None), lambda: attempt.write(None), lambda: books(attempt),
        lambda: attempt.statement("read", "anything", "SELECT 1"),
        lambda: attempt.pause(0, "nothing"), lambda: attempt.holding(Mutex(), 0).__enter__(),
    ):  # fmt: skip
        with pytest.raises(StrategyFault, match="whose book\\(\\) had returned"):
            use()
    check_goes_on(office, 8)


def test_a_try_that_failed_is_over_for_the_next_one(office):
    def keeps(attempt: Attempt) -> None:
        KEPT.append(attempt)
        if attempt.number == 1:
            raise Conflict
        with pytest.raises(StrategyFault, match="whose book"):
            KEPT[0].read()
        books(attempt)

    assert told(book(office, keeps)) == CONFIRMED
    KEPT.clear()
    check_goes_on(office, 8)


@pytest.mark.parametrize("inside", [False, True])
def test_a_lock_that_is_kept_is_given_back(office, inside):
    """In memory, it would be held for ever."""

    def keeps(attempt: Attempt) -> None:
        if not inside:
            KEPT.append(attempt.holding(Mutex(), wait=0.1))
            KEPT[-1].__enter__()
        with attempt.transaction():
            if inside:
                KEPT.append(attempt.holding(Mutex(), wait=0.1))
                KEPT[-1].__enter__()
            attempt.write(attempt.decide(attempt.read()))

    assert told(book(office, keeps)) == CONFIRMED
    check_goes_on(office, 8)
    KEPT.clear()  # only now it is left
    assert told(office.book(asks(), "mutex")) == CONFIRMED


# --- its own statements ---------------------------------------------------------------------------

ITS_OWN = [
    "SET TimeZone = 'Asia/Tokyo'",
    "SET default_transaction_isolation = 'serializable'",
    "SET search_path = nowhere",
    "SET statement_timeout = 0",
    "SELECT pg_advisory_lock(77)",
    "CREATE TEMPORARY TABLE ticket_events (id integer)",
    "LISTEN nothing",
]
_LOOKS = """
SELECT current_setting('TimeZone'), current_setting('default_transaction_isolation'),
    current_setting('search_path'), current_setting('statement_timeout'),
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
    to_regclass('pg_temp.ticket_events')::text, array(SELECT pg_listening_channels())
"""


@pytest.mark.parametrize("waits", [False, True])
def test_what_its_statements_make_of_a_session_ends_with_its_booking(office, waits):
    """Else whoever has the connection next, under another strategy, would not know why."""
    pool = office.lab.bookings

    def looks() -> list[object]:
        with ExitStack() as all_of_them:
            lent = [all_of_them.enter_context(pool.session(selection.read))[0] for _ in range(3)]
            return [one.execute(_LOOKS) for one in lent]

    def alters(attempt: Attempt) -> None:
        with attempt.queued(64, wait=5.0) if waits else nullcontext():
            with attempt.transaction():
                for statement in ITS_OWN:
                    attempt.statement("read", "own", statement)
            raise Refused

    before = looks()
    needs = frozenset({Capability.BATCH}) if waits else frozenset()
    for _ in range(3):
        booking = office.lab.engine.book(TICKETS, asks(2), wish(alters, needs))
        assert told(booking) == (Outcome.REFUSED, "refused")
    assert looks() == before
    check_goes_on(office, 10)


@pytest.mark.parametrize("own", ["DEALLOCATE ALL", "DISCARD ALL", "PREPARE own AS SELECT 1"])
def test_what_it_does_to_prepared_statements_hurts_nobody(office, own):
    def undoes(attempt: Attempt) -> None:
        attempt.statement("read", "own", own)
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))

    for _ in range(2):  # whoever has the connection before and after has what it prepares
        assert told(book(office, books)) == CONFIRMED
        assert told(book(office, undoes)) == CONFIRMED


# --- a batch --------------------------------------------------------------------------------------


def reads_twice(attempt: Attempt) -> None:
    with attempt.queued(64, wait=5.0) as batch:
        if batch:
            with attempt.transaction():
                batch.read()
                batch.write(batch.decide(batch.read()))


def writes_the_batch_twice(attempt: Attempt) -> None:
    with attempt.queued(64, wait=5.0) as batch:
        if batch:
            with attempt.transaction():
                changes = batch.decide(batch.read())
                batch.write(changes)
                batch.write(changes)


def writes_the_batch_outside(attempt: Attempt) -> None:
    with attempt.queued(64, wait=5.0) as batch:
        if batch:
            batch.write(batch.decide(batch.read()))


def leaves_it_unread(attempt: Attempt) -> None:
    with attempt.queued(64, wait=5.0), attempt.transaction():
        pass


class Own(Conflict):
    """An error that is made in a way of its own."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def fails_in_its_own_way(attempt: Attempt) -> None:
    with attempt.queued(64, wait=5.0) as batch:
        if batch:
            with attempt.transaction():
                batch.decide(batch.read())
                raise Own("one", "other")


class OwnWithoutWords(Unspeakable, Own):
    """One that can't be shown besides."""


def fails_in_its_own_way_without_words(attempt: Attempt) -> None:
    with attempt.queued(64, wait=5.0) as batch:
        if batch:
            with attempt.transaction():
                batch.decide(batch.read())
                raise OwnWithoutWords("one", "other")


@pytest.mark.parametrize(
    "act",
    [reads_twice, writes_the_batch_twice, writes_the_batch_outside, leaves_it_unread,
     fails_in_its_own_way, fails_in_its_own_way_without_words],
)  # fmt: skip
def test_who_stands_in_line_gets_an_answer_whatever_the_writer_does(office, act):
    """Each tries again alone, and fails for itself."""
    lab = office.lab
    wanted = wish(act, frozenset({Capability.BATCH}))
    line = Line("commit" if act is leaves_it_unread else "queue")
    with line.standing(lab.engine, lab.bookings, TICKETS, crowd(3), wanted) as served:
        answers = [told(one) for one in served()]

    in_conflict = {fails_in_its_own_way, fails_in_its_own_way_without_words}
    expected = (Outcome.CONFLICT, "conflict") if act in in_conflict else FAULT
    assert answers == [expected] * 3
    check_goes_on(office, 10)


@pytest.mark.parametrize("error", [RuntimeError, Conflict, Refused, SystemExit])
def test_what_a_writer_has_committed_stays_confirmed_to_all(office, error):
    """Its own booking and those of the others, whatever it comes to afterwards."""

    def fails_behind_the_commit(attempt: Attempt) -> None:
        with attempt.queued(64, wait=5.0) as batch:
            if batch:
                with attempt.transaction():
                    batch.write(batch.decide(batch.read()))
                raise error("behind the commit")

    lab = office.lab
    wanted = wish(fails_behind_the_commit, frozenset({Capability.BATCH}))
    with Line().standing(lab.engine, lab.bookings, TICKETS, crowd(3), wanted) as served:
        bookings = served()

    assert [told(one) for one in bookings] == [AFTERWARDS, CONFIRMED, CONFIRMED]
    assert [one.tries for one in bookings] == [1, 1, 1]
    check_goes_on(office, 7)
