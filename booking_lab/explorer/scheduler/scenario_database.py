"""The database of an exploration: it is seeded once, and reset and audited for each schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import psycopg2

from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import Finding, LabWorkload
from booking_lab.core.scenario import Scenario, booker_name
from booking_lab.core.strategy import Anomaly, Strategy
from booking_lab.core.workload import Request
from booking_lab.db.session import PostgresSession
from booking_lab.explorer.recording.schedule_run import DIED, BookerAnswer
from booking_lab.explorer.scheduler.ordering import OrderTest
from booking_lab.explorer.scheduler.starting_state import StartingState, Task
from booking_lab.observers.initial_facts import bookable_now

_BLOCKING_SESSIONS = "SELECT pid, pg_blocking_pids(pid) FROM unnest(%(pids)s::integer[]) AS pid"
_HAVE_ENDED = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%(pids)s))"
#: Between schedules no transaction is open, so that these are locks of sessions.
_SESSIONS_WITH_LOCKS = "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
#: The tables of anchors, whose rows bookers contend for.
_ANCHORS = """
SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relkind = 'r' AND attname IN ('version', 'fence') AND NOT attisdropped
GROUP BY attrelid HAVING count(*) = 2 ORDER BY 1
"""
#: The tables without statistics of their size.
_WITHOUT_STATISTICS = """
SELECT oid::regclass::text FROM pg_class WHERE oid = ANY(%(tables)s::regclass[]) AND reltuples < 0
"""
#: Makes a statement that returns the empty tables of the lab and its workloads.
_EMPTY_TABLES = """
SELECT string_agg(
    format('SELECT %L WHERE NOT EXISTS (SELECT FROM %s)', oid::regclass, oid::regclass),
    ' UNION ALL ')
FROM pg_class WHERE relkind = 'r' AND relpersistence <> 't'
    AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
"""
#: The number of schedules after which dead rows are removed.
_SHRINK_EVERY = 200

#: A statement and its parameters.
_Statement = tuple[str, Mapping[str, object]]


class ScenarioDatabase:
    """One scenario in a database that belongs to the exploration.

    Args:
        session: a connection that no booker uses.
        workload: the workload.
        scenario: the standing bookings, and the requests of the bookers.
        strategy: the strategy of the standing bookings.

    Attributes:
        tasks: the task of each booker.
        is_disjoint: whether no two tasks share anything that bookings contend for.
    """

    def __init__(
        self,
        session: PostgresSession,
        workload: LabWorkload,
        scenario: Scenario,
        strategy: Strategy,
    ) -> None:
        self._session = session
        self._workload = workload
        self._scopes = sorted({scenario.scope, *_scopes(workload, scenario)})
        self._cleared = 0
        if scenario.seed.strip():  # empty: the things are part of the schema
            session.execute(scenario.seed)
        # Bookers have the same ids in every exploration, so that their bookings of another scenario
        # would conflict with these.
        for scope in workload.available(session):
            workload.reset(session, scope, generation=1)
        self._empty_tables = session.execute(_EMPTY_TABLES)[0][0]
        self._shrink()
        session.execute(
            f"PREPARE wrong AS {workload.audit_sql()} "
            "UNION ALL SELECT 'confirmed', '', id::text, '' FROM attempts "
            "WHERE outcome = 'confirmed'",
            {},
        )
        _analyze(session)
        left = {scope: bookable_now(workload, scope, session) for scope in self._scopes}
        start = StartingState(session, workload, scenario, strategy)
        self.tasks: Sequence[Task] = start.tasks
        self.is_disjoint = _are_disjoint(workload, [task.request for task in self.tasks])
        choices = {booker_name(number): task.choices for number, task in enumerate(self.tasks)}
        self._order = OrderTest(workload, start.standing, left, choices)
        self._restore = self._prepare(_restoring_statements(session, start))

    def reset(self) -> set[int]:
        """Restore the state before the first move; no transaction may be open.

        Returns:
            The process ids of the sessions that still have an advisory lock of the session.
        """
        for scope in self._scopes:
            self._workload.reset(self._session, scope, generation=1)
        self._cleared += 1
        if self._cleared % _SHRINK_EVERY == 0:
            self._shrink()
        return {pid for (pid,) in self._session.execute(self._restore)}

    def _shrink(self) -> None:
        """Remove dead rows from the tables of bookings and from their indexes.

        SERIALIZABLE locks pages of indexes. With dead rows there, conflicts would depend on earlier
        schedules. Also, every statement would read more.
        """
        self._session.execute("DELETE FROM attempts")
        empty = [table for (table,) in self._session.execute(self._empty_tables)]
        # This fails if a table with rows refers to one of these. Then they stay as they are.
        with suppress(psycopg2.errors.FeatureNotSupported):
            self._session.execute(f"TRUNCATE {', '.join(empty)}")

    def blocking_sessions(self, pids: Sequence[int]) -> Mapping[int, list[int]]:
        """Return the process ids of the sessions that each of these waits for in PostgreSQL."""
        return dict(self._session.execute(_BLOCKING_SESSIONS, {"pids": list(pids)}))

    def cancel(self, pid: int) -> None:
        """Cancel the statement of a session."""
        self._session.execute("SELECT pg_cancel_backend(%(pid)s)", {"pid": pid})

    def have_ended(self, pids: Sequence[int]) -> bool:
        """Whether these sessions have ended, so that their open transactions are rolled back."""
        return bool(self._session.execute(_HAVE_ENDED, {"pids": list(pids)})[0][0])

    def findings(
        self, answers: Mapping[str, BookerAnswer], ids: Mapping[str, str]
    ) -> list[Finding]:
        """Return all inconsistencies in the tables, and all wrong answers.

        Args:
            answers: the answers to the bookers, by name.
            ids: the ids of the bookers' requests, by name.
        """
        rows = self._session.execute("EXECUTE wrong")
        stand = {row[2] for row in rows if row[0] == "confirmed"}
        found = [Finding(Anomaly(row[0]), *row[1:]) for row in rows if row[0] != "confirmed"]
        for name, answer in answers.items():
            ending = answer.ending
            confirmed, stands = ending.outcome == Outcome.CONFIRMED, ids[name] in stand
            if confirmed and not stands:
                found.append(self._finding(Anomaly.LOST_BOOKING, name, "has no booking"))
            elif stands and ending.outcome not in {Outcome.CONFIRMED, Outcome.UNKNOWN, DIED}:
                found.append(
                    self._finding(Anomaly.WRONG_ANSWER, name, "has a booking all the same")
                )
        # The test of order is for refusals, which leave no rows. It is not needed if the tables
        # are wrong already.
        return found or list(self._order.findings(answers, stand))

    def _prepare(self, statements: Sequence[_Statement]) -> str:
        """Prepare the statements; return the text that runs all of them in one message."""
        for number, (statement, parameters) in enumerate(statements):
            self._session.execute(f"PREPARE anew_{number} AS {statement}", parameters)
        return ";\n".join(f"EXECUTE anew_{number}" for number in range(len(statements)))

    def _finding(self, anomaly: Anomaly, name: str, detail: str) -> Finding:
        return Finding(anomaly, self._scopes[0], name, f"{name} {detail}")


def _analyze(session: PostgresSession) -> None:
    """Collect the sizes of the anchors' tables, as autovacuum does in a running lab.

    PostgreSQL assumes that an unknown table is large and uses an index. Then SERIALIZABLE would
    lock less than in a running lab.
    """
    tables = [table for (table,) in session.execute(_ANCHORS)]
    for (table,) in session.execute(_WITHOUT_STATISTICS, {"tables": tables}):
        session.execute(f"ANALYZE {table}")


def _scopes(workload: LabWorkload, scenario: Scenario) -> Iterator[str]:
    for ask in (*scenario.requests, *scenario.existing):
        if isinstance(ask, Request):
            yield workload.scope(ask)


def _are_disjoint(workload: LabWorkload, requests: Sequence[Request]) -> bool:
    anchors = [set(workload.anchors(request)) for request in requests]
    several = len(requests) > 1 and not any(request.open for request in requests)
    return several and len(set().union(*anchors)) == sum(map(len, anchors))


def _restoring_statements(session: PostgresSession, start: StartingState) -> Sequence[_Statement]:
    """Return the statements that restore the state, so that bookers read the same every time.

    They restore the attempts, the standing bookings, the fencing tokens, and the versions and
    fences of all rows, because a booker may have chosen any row. The last statement asks which
    sessions still hold advisory locks. It shares the message, because one more round trip would
    slow down every schedule.
    """
    return [
        ("DELETE FROM attempts", {}),
        *start.statements,
        ("SELECT setval('fencing_tokens', 1, false)", {}),
        *(
            (f"UPDATE {table} SET version = 1, fence = 0 WHERE version <> 1 OR fence <> 0", {})
            for (table,) in session.execute(_ANCHORS)
        ),
        (_SESSIONS_WITH_LOCKS, {}),
    ]
