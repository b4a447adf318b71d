"""Tallies: sums of the ledger, so that statistics cost the same however long it is.

A row is added to the tallies when it is final: when nothing can change the counts that it belongs
to. Rows that are not added yet are read themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from booking_lab.core.workload import Row, Session

#: Seconds after the begin of an answered booking after which its row is final. By then, the rows of
#: bookings that overlapped with it are written, except those of a few that take longer.
FINAL_AFTER = 30.0
#: The same for a booking without an answer: its worker has died, or has lost the database.
_GIVEN_UP_AFTER = 300.0
#: Seconds that a few final rows wait for more, so that batches are not too small.
PATIENCE = 90.0
#: Seconds before a booking in which an overlapping one may have begun.
_LOOKBACK = 300
#: Rows that are added up in one transaction, which takes a fraction of a second. A batch and the
#: rows that arrive meanwhile are fewer than the rows that an answer reads.
BATCH = 10_000
#: Rows that an answer reads at most; there are more only after a flood of bookings.
_MAX_READ = 60_000

_ROW = "(txid, started_at, id)"
_MARK = "(SELECT txid, started_at, id FROM ledger_marks WHERE done = 'tallied')"
_PRUNED = "(SELECT txid, started_at, id FROM ledger_marks WHERE done = 'pruned')"
_SUM = resources.files("booking_lab.db").joinpath("tallies.sql").read_text()
_IN_SCOPE = """
(%(kind)s::text IS NULL OR workload = %(kind)s) AND (%(scope)s::text IS NULL OR scope = %(scope)s)
"""

# LIMIT comes before the filter, so that the planner takes the index whatever it guesses.
_REST = _SUM.format(
    counted=f"""(
        SELECT * FROM attempts WHERE {_ROW} > {_MARK}
        ORDER BY txid, started_at, id LIMIT {_MAX_READ}
    ) AS rest WHERE {_IN_SCOPE}""",
    context=f"{_ROW} <= {_MARK}",
    lookback=_LOOKBACK,
)
_ADDED_UP = f"SELECT strategy, figure, bucket, n FROM tallies WHERE {_IN_SCOPE}"
_BY_STRATEGY = """
SELECT strategy, figure, bucket, sum(n)::bigint FROM ({figures}) AS figures
GROUP BY strategy, figure, bucket
"""
_READ_ADDED_UP = _BY_STRATEGY.format(figures=_ADDED_UP)
_READ = _BY_STRATEGY.format(
    figures=f"{_ADDED_UP} UNION ALL SELECT strategy, figure, bucket, n FROM ({_REST}) AS rest"
)
_TOO_MANY = f"""
SELECT 1 FROM attempts WHERE {_ROW} > {_MARK} ORDER BY txid, started_at, id
LIMIT 1 OFFSET {_MAX_READ}
"""

_LOCK = "SELECT 1 FROM ledger_marks WHERE done = %(done)s FOR UPDATE SKIP LOCKED"
_LOCK_ALL = "SELECT 1 FROM ledger_marks ORDER BY done FOR UPDATE"
#: The end of the next batch: it has final rows only, which every later statement sees.
_NEXT = f"""
SELECT txid::text, started_at, id::text FROM (
    SELECT *, bool_and(
               age > CASE WHEN answered THEN %(final)s ELSE %(given_up)s END * interval '1 s'
           ) OVER (ORDER BY txid, started_at, id) AS final,
           row_number() OVER (ORDER BY txid, started_at, id) AS place,
           max(age) OVER () > %(waited)s * interval '1 s' AS waited
    FROM (
        SELECT txid, started_at, id, clock_timestamp() - started_at AS age,
               answered IS NOT NULL AS answered
        FROM attempts
        WHERE {_ROW} > {_MARK} AND txid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY txid, started_at, id LIMIT %(batch)s
    ) AS next
) AS next
WHERE final AND (waited OR place = %(batch)s) ORDER BY place DESC LIMIT 1
"""
_END = "(%(txid)s::xid8, %(started_at)s::timestamptz, %(id)s::uuid)"
_BATCH_SUM = _SUM.format(
    counted=f"attempts WHERE {_ROW} > {_MARK} AND {_ROW} <= {_END}",
    context=f"NOT ({_ROW} > {_MARK} AND {_ROW} <= {_END})",
    lookback=_LOOKBACK,
)
_ADD = f"""
INSERT INTO tallies AS before {_BATCH_SUM}
ON CONFLICT (workload, scope, strategy, figure, bucket) DO UPDATE SET n = before.n + excluded.n
"""
_MOVE = f"UPDATE ledger_marks SET (txid, started_at, id) = ROW{_END} WHERE done = %(done)s"

#: The end of the next batch of rows that are old enough, and added up.
_OLD = f"""
SELECT txid::text, started_at, id::text FROM (
    SELECT *, bool_and(started_at < clock_timestamp() - %(days)s * interval '1 day')
                  OVER (ORDER BY txid, started_at, id) AS old
    FROM (
        SELECT txid, started_at, id FROM attempts WHERE {_ROW} > {_PRUNED} AND {_ROW} <= {_MARK}
        ORDER BY txid, started_at, id LIMIT %(batch)s
    ) AS next
) AS next WHERE old ORDER BY txid DESC, started_at DESC, id DESC LIMIT 1
"""
_PRUNE = f"""
DELETE FROM attempts WHERE {_ROW} > {_PRUNED} AND {_ROW} <= {_END} AND outcome <> 'confirmed'
"""
_FORGET = "DELETE FROM tallies WHERE workload = %(workload)s AND scope = %(scope)s"


def read(session: Session, kind: str | None, scope: str | None) -> tuple[list[Row], bool]:
    """Return the statistics as rows of strategy, figure, bucket and number.

    A figure is an outcome, ``retries``, ``overlapping`` or a time. For buckets of times,
    see ``time_of``.

    Args:
        session: the session.
        kind: only this workload, if given.
        scope: only this scope, if given.

    Returns:
        The rows, and whether they are complete. After a flood of bookings, more rows wait than an
        answer reads. Then the result contains only those that are added up.
    """
    with _transaction_with_memory(session):
        complete = not session.execute(_TOO_MANY)
        figures = _READ if complete else _READ_ADDED_UP
        return session.execute(figures, {"kind": kind, "scope": scope}), complete


def time_of(bucket: int) -> float:
    """Return the time of a bucket in milliseconds, accurate to one per cent."""
    return 0.0 if bucket <= _NO_TIME else float(1.02 ** (bucket - 0.5))


#: The bucket of a microsecond or less, as in the SQL function ``tally_bucket``.
_NO_TIME = -348


def add_up(
    session: Session,
    batch: int = BATCH,
    final_after: float = FINAL_AFTER,
    patience: float = PATIENCE,
) -> bool:
    """Add up the next final rows, at most ``batch``; return whether there may be more.

    It does nothing while another session adds up or resets.
    """
    ages = {
        "final": final_after,
        "waited": final_after + patience,
        "given_up": max(final_after, _GIVEN_UP_AFTER),
    }
    with _transaction_with_memory(session):
        if not session.execute(_LOCK, {"done": "tallied"}):
            return False
        found = session.execute(_NEXT, {"batch": batch, **ages})
        if not found:
            return False
        end = _end("tallied", found[0])
        session.execute(_ADD, end)
        session.execute(_MOVE, end)
        return True


@contextmanager
def _transaction_with_memory(session: Session) -> Iterator[None]:
    """Run the block as a transaction with enough memory for sorts and hashes."""
    session.begin(None)
    try:
        session.execute("SET LOCAL work_mem = '64MB'")
        yield
    except BaseException:
        session.rollback()
        raise
    session.commit(None)


def prune(session: Session, days: float, batch: int = BATCH) -> bool:
    """Delete the next rows, at most ``batch``, that are older than ``days`` and added up.

    Rows of confirmed bookings stay, because the audit needs them. It does nothing while another
    session prunes or resets.

    Returns:
        Whether there may be more rows.
    """
    with _transaction_with_memory(session):
        if not session.execute(_LOCK, {"done": "pruned"}):
            return False
        found = session.execute(_OLD, {"batch": batch, "days": days})
        if not found:
            return False
        end = _end("pruned", found[0])
        session.execute(_PRUNE, end)
        session.execute(_MOVE, end)
        return True


def _end(done: str, row: Row) -> dict[str, object]:
    return {"done": done, **dict(zip(("txid", "started_at", "id"), row, strict=True))}


def forget(session: Session, workload: str, scope: str) -> None:
    """Delete the tallies of ``scope``, and lock out adding up and pruning until COMMIT."""
    session.execute(_LOCK_ALL)
    session.execute(_FORGET, {"workload": workload, "scope": scope})
