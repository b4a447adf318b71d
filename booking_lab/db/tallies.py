"""The ledger added up, so that its figures cost the same however long it is.

A row is added up once nothing can change any more what it counts for. Until then, and for as long
as there are few, the rows themselves are read.
"""

from __future__ import annotations

from importlib import resources

from booking_lab.core.workload import Row, Session

#: Seconds after its beginning that a booking's row counts as final: by then it has been answered,
#: its times are written, and so are those of all others that met it.
FINAL_AFTER = 120.0
#: Seconds that a few final rows wait for more, so that seldom is added up what is little.
_PATIENCE = 60.0
#: Seconds before a booking began in which another one may have begun that it met.
_LOOKBACK = 300
#: Rows that are added up in one transaction, a fraction of a second.
BATCH = 50_000
#: Rows that are read for an answer at most; more are there only after a flood.
_MOST_READ = 250_000

_ROW = "(txid, started_at, id)"
_MARK = "(SELECT txid, started_at, id FROM ledger_marks WHERE done = 'tallied')"
_SUM = resources.files("booking_lab.db").joinpath("tallies.sql").read_text()
_IN_SCOPE = """
(%(kind)s::text IS NULL OR workload = %(kind)s) AND (%(scope)s::text IS NULL OR scope = %(scope)s)
"""

_REST = _SUM.format(
    range=f"{_ROW} > {_MARK} AND {_IN_SCOPE} LIMIT {_MOST_READ}",
    context=f"{_ROW} <= {_MARK}",
    lookback=_LOOKBACK,
)
_READ = f"""
SELECT strategy, figure, bucket, sum(n)::bigint FROM (
    SELECT strategy, figure, bucket, n FROM tallies WHERE {_IN_SCOPE}
    UNION ALL
    SELECT strategy, figure, bucket, n FROM ({_REST}) AS rest
) AS figures GROUP BY strategy, figure, bucket ORDER BY strategy, figure, bucket
"""
_TOO_MANY = f"""
SELECT 1 FROM attempts WHERE {_ROW} > {_MARK} ORDER BY txid, started_at, id
LIMIT 1 OFFSET {_MOST_READ}
"""

_LOCK = "SELECT 1 FROM ledger_marks WHERE done = 'tallied' FOR UPDATE"
#: The end of the next batch: what every later statement can see, and nothing that isn't final.
_NEXT = f"""
SELECT txid::text, started_at, id::text FROM (
    SELECT *, bool_and(started_at < clock_timestamp() - %(final)s * interval '1 s')
                  OVER (ORDER BY txid, started_at, id) AS final,
           row_number() OVER (ORDER BY txid, started_at, id) AS place,
           min(started_at) OVER () < clock_timestamp() - %(waited)s * interval '1 s' AS waited
    FROM (
        SELECT txid, started_at, id FROM attempts
        WHERE {_ROW} > {_MARK} AND txid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY txid, started_at, id LIMIT %(batch)s
    ) AS next
) AS next
WHERE final AND (waited OR place = %(batch)s) ORDER BY place DESC LIMIT 1
"""
_END = "(%(txid)s::xid8, %(started_at)s::timestamptz, %(id)s::uuid)"
_BATCH_SUM = _SUM.format(
    range=f"{_ROW} > {_MARK} AND {_ROW} <= {_END}",
    context=f"NOT ({_ROW} > {_MARK} AND {_ROW} <= {_END})",
    lookback=_LOOKBACK,
)
_ADD = f"""
INSERT INTO tallies AS before {_BATCH_SUM}
ON CONFLICT (workload, scope, strategy, figure, bucket) DO UPDATE SET n = before.n + excluded.n
"""
_MOVE = f"UPDATE ledger_marks SET (txid, started_at, id) = ROW{_END} WHERE done = 'tallied'"
_FORGET = "DELETE FROM tallies WHERE workload = %(workload)s AND scope = %(scope)s"


def read(session: Session, kind: str | None, scope: str | None) -> list[Row]:
    """Return the figures of ``kind`` and ``scope``, if given: strategy, figure, bucket and number.

    A figure is an outcome, ``retries`` or ``overlapping``, or a time whose numbers stand beside
    their buckets (see ``time_of``).
    """
    return session.execute(_READ, {"kind": kind, "scope": scope})


def lags(session: Session) -> bool:
    """Whether there are more rows than an answer can read, so that ``read`` leaves some out."""
    return bool(session.execute(_TOO_MANY))


def time_of(bucket: int) -> float:
    """The time that stands for a bucket, in milliseconds: within one per cent of each in it."""
    return 0.0 if bucket <= _NO_TIME else float(1.02 ** (bucket - 0.5))


#: The bucket of a microsecond or less, as `tally_bucket` has it.
_NO_TIME = -348


def add_up(session: Session, batch: int = BATCH, final_after: float = FINAL_AFTER) -> bool:
    """Add up the next final rows, ``batch`` at most; return whether there may be more.

    Does nothing while somebody else does it, or resets.
    """
    session.begin(None)
    try:
        done = _add_up(session, batch, final_after)
    except BaseException:
        session.rollback()
        raise
    session.commit(None)
    return done


def _add_up(session: Session, batch: int, final_after: float) -> bool:
    if not session.execute(f"{_LOCK} SKIP LOCKED"):
        return False
    waited = final_after + min(_PATIENCE, final_after)
    found = session.execute(_NEXT, {"batch": batch, "final": final_after, "waited": waited})
    if not found:
        return False
    end = dict(zip(("txid", "started_at", "id"), found[0], strict=True))
    session.execute(_ADD, end)
    session.execute(_MOVE, end)
    return True


def forget(session: Session, workload: str, scope: str) -> None:
    """Forget what was added up of ``scope``, and keep others from adding up until COMMIT."""
    session.execute(_LOCK)
    session.execute(_FORGET, {"workload": workload, "scope": scope})
