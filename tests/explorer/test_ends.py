"""Every schedule comes to an end, and leaves nothing behind for the next."""

import os

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.db.connector import Connector
from booking_lab.explorer.scheduler.scheduler import Endless
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse

#: The lock belongs to the session, and is never given back.
KEEPS = """
with attempt.transaction():
    send("pg_advisory_lock(1)")
    book()
"""


class InTurn(ReplaySearch):
    """Some schedules, one after the other."""

    def __init__(self, *addresses):
        super().__init__((), times=len(addresses))
        self._addresses = list(addresses)

    def begin(self):
        if self._addresses:
            self._schedule = parse(self._addresses.pop(0))
        return super().begin()


def outcomes(found):
    """How each booker ended in the schedule that was run last."""
    return {name: ending.outcome for name, ending in found.last.endings.items()}


# --- waits in PostgreSQL -------------------------------------------------------------------------


def test_a_wait_for_what_is_never_given_back_ends_when_time_passes(own):
    found = own(KEEPS, search=ReplaySearch(parse("A:acquire B:acquire")))

    assert outcomes(found) == {"A": "confirmed", "B": "timeout"}
    assert found.last.endings["B"].code == "lock_timeout"
    events = found.last.events
    [waits] = [event for event in events if event.waits_for]
    assert (str(waits.move), waits.waits_for) == ("B:acquire", ("A",))
    assert str(events[waits.until - 1].move) == "time:passes"
    # In PostgreSQL's own words, which a reader knows.
    assert [one.error for one in waits.messages] == ["canceling statement due to lock timeout"]


def test_who_is_let_through_because_another_gives_up_is_not_cancelled(own):
    # C shares the lock with A, and stands behind B, who wants it alone.
    book = """
    with attempt.transaction():
        send("pg_advisory_lock(1)" if who == "B" else "pg_advisory_lock_shared(1)")
        book()
    """
    for _ in range(5):
        found = own(book, bookers=3, search=ReplaySearch(parse("A:acquire B:acquire C:acquire")))
        assert outcomes(found) == {"A": "confirmed", "B": "timeout", "C": "refused"}


def test_waits_across_postgresql_and_a_lock_outside_end_both(own):
    # A has the lock outside and waits for the row; B has the row and waits for the lock.
    book = """
    from booking_lab.locks.mutex import Mutex

    if who == "A":
        with attempt.holding(Mutex(), wait=1), attempt.transaction():
            attempt.lock_rows()
            book()
    else:
        with attempt.transaction():
            attempt.lock_rows()
            with attempt.holding(Mutex(), wait=1):
                book()
    """
    waiting = "A:acquire B:acquire A:acquire B:acquire time:passes"
    for first, ends in (("A:release A:release", "confirmed"), ("B:acquire", "timeout")):
        found = own(book, workers=1, search=ReplaySearch(parse(f"{waiting} {first}")))
        assert outcomes(found) == {"A": "timeout", "B": ends}


# --- endless schedules ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "goes_on"),
    [
        # A holds the row and reads for ever; B waits for the row in PostgreSQL meanwhile.
        (
            "with attempt.transaction():\n    attempt.lock_rows()\n    while True: attempt.read()",
            "A:read",
        ),
        # A keeps the lock; B's waits end, and each time it asks again.
        (
            """
            while True:
                try:
                    with attempt.transaction():
                        send("pg_advisory_lock(1)")
                        return book()
                except LockTimeout:
                    pass
            """,
            "B:acquire time:passes B:release",
        ),
    ],
)
def test_a_schedule_without_an_end_is_an_error_that_names_it(own, run, database_url, book, goes_on):
    message = (
        r"^A schedule of own does not end: after 2,000 moves .* "
        rf"The schedule begins with 'A:acquire .*', and the last moves were '.*{goes_on}.*'\.$"
    )
    with pytest.raises(Endless, match=message):
        own(book, search=ReplaySearch(parse("A:acquire B:acquire")))

    eventually(lambda: not at_work(database_url), "the bookers' sessions at rest")
    found = run("none")
    assert (found.schedules, found.bad) == (14, 12)


def at_work(database_url):
    """The bookers' sessions that still do or hold something."""
    query = (
        "SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() "
        "AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    with Connector(database_url).session() as session:
        return session.execute(query)


# --- what is left behind -------------------------------------------------------------------------


def test_a_sessions_locks_are_given_back_between_schedules(own):
    # Nobody interrupts: first A comes before B, then B before A.
    found = own(
        """
        with attempt.transaction():
            if not send("pg_try_advisory_lock(1)")[0][0]:
                raise Busy
            book()
        """,
        search=ExhaustiveSearch(preemptions=0),
    )

    assert found.schedules == 2
    assert outcomes(found) == {"A": "conflict", "B": "confirmed"}


def test_counts_are_the_same_every_time_if_locks_are_kept(own):
    counts = [
        (found.schedules, found.bad, dict(found.outcomes))
        for found in (
            own(KEEPS, nemeses=("death", "loss"), search=ExhaustiveSearch(1)) for _ in range(2)
        )
    ]

    assert counts == counts[:1] * 2


def test_a_transaction_left_open_is_undone_between_schedules(own):
    found = own(
        """
        send("1; BEGIN")
        attempt.lock_rows()
        """,
        search=ExhaustiveSearch(preemptions=0),
    )

    assert found.schedules == 2
    # It is nobody's fault but the strategy's; and who comes second gets no lock.
    assert outcomes(found) == {"A": "timeout", "B": "error"}


def test_an_answer_is_lost_in_the_schedule_that_says_so_and_in_no_other(own, monkeypatch):
    # B's first COMMIT fails by itself, so that there is no answer to lose. What the strategy's own
    # module keeps would begin anew with each schedule.
    monkeypatch.setattr(os, "has_failed", False, raising=False)
    found = own(
        """
        import os

        with attempt.transaction():
            if who == "B" and not os.has_failed:
                os.has_failed = True
                send("1; CREATE TEMP TABLE own (one integer UNIQUE DEFERRABLE INITIALLY DEFERRED);"
                    "INSERT INTO own VALUES (1), (1)")
            book()
        """,
        nemeses=("loss",),
        search=InTurn(
            "B:begin B:acquire B:read B:write loss:B B:commit", "B:begin B:read B:write B:commit"
        ),
    )

    assert found.outcomes == {"confirmed": 2, "refused": 2}
    assert found.last.endings["B"].message == "Booking confirmed"


def test_a_connection_that_serves_again_is_as_new(own, exploration_servers):
    # Each booker leaves a setting and a table in its session, and books if it finds neither there.
    book = """
        if any(send("current_setting('own.mark', true) <> '', to_regclass('pg_temp.mark')")[0]):
            raise Busy
        send("set_config('own.mark', 'left', false); CREATE TEMP TABLE mark ()")
        with attempt.transaction():
            book()
    """
    processes = []
    for _ in range(2):
        found = own(book, search=InTurn("A:acquire"))
        assert outcomes(found) == {"A": "confirmed", "B": "refused"}
        processes.append({raw.get_backend_pid() for raw in exploration_servers.connector.idle})

    assert len(processes[0]) == 3  # two bookers' and the explorer's
    assert processes[0] == processes[1]


def test_what_a_session_was_set_to_is_gone_in_the_next_schedule(own):
    found = own(
        """
        if any(send("current_setting('own.mark', true) <> '', to_regclass('pg_temp.mark')")[0]):
            raise Busy
        mark = {"A": "set_config('own.mark', 'left', false)", "B": "1; CREATE TEMP TABLE mark ()"}
        send(mark[who])
        with attempt.transaction():
            book()
        """,
        search=ExhaustiveSearch(preemptions=0),
    )

    assert found.schedules == 2
    assert found.outcomes == {"confirmed": 2, "refused": 2}
