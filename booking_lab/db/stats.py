"""Statistics from the ledger: counts and latencies by strategy."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.core.workload import Session

# A booking overlapped if it was under way while another one of the same thing was being confirmed:
# only then could it have gone wrong. Bookings of what is long taken prove nothing, however many.
# Two running extremes find it in one pass each way; comparing all pairs on one hot seat would take
# a time that grows with the square of the bookings.
_BY_STRATEGY = """
WITH spans AS (
    SELECT *, started_at + total_ms * interval '1 ms' AS ended_at FROM attempts
    WHERE (%(kind)s::text IS NULL OR workload = %(kind)s)
      AND (%(scope)s::text IS NULL OR scope = %(scope)s)
), met AS (
    SELECT strategy, outcome, tries, total_ms, waited_ms, held_ms,
        tries > 0 AND (
            max(ended_at) FILTER (WHERE outcome = 'confirmed') OVER earlier >= started_at
            OR min(started_at) FILTER (WHERE outcome = 'confirmed') OVER later <= ended_at
        ) AS overlapped
    FROM spans
    WINDOW thing AS (PARTITION BY workload, scope, subject),
        earlier AS (thing ORDER BY started_at, id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        later AS (thing ORDER BY started_at DESC, id DESC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT strategy,
    count(*) FILTER (WHERE outcome = 'confirmed'),
    count(*) FILTER (WHERE outcome = 'refused'),
    count(*) FILTER (WHERE outcome = 'conflict'),
    count(*) FILTER (WHERE outcome = 'timeout'),
    count(*) FILTER (WHERE outcome = 'unknown'),
    count(*) FILTER (WHERE outcome = 'error'),
    count(*),
    count(*) FILTER (WHERE overlapped),
    coalesce(sum(greatest(tries - 1, 0)), 0),
    percentile_disc(0.50) WITHIN GROUP (ORDER BY total_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY total_ms),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY total_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY waited_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY held_ms)
FROM met GROUP BY strategy ORDER BY strategy
"""


@dataclass(frozen=True)
class StrategyStats:
    """How the bookings under one strategy went; times in milliseconds, none without bookings.

    Attributes:
        overlapping: bookings that were under way while another of the same thing was confirmed.
            Without any, that nothing went wrong says nothing about the strategy.
    """

    strategy: str
    confirmed: int
    refused: int
    conflict: int
    timeout: int
    unknown: int
    error: int
    total: int
    overlapping: int
    retries: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    waited_p95_ms: float | None
    held_p95_ms: float | None

    @property
    def failed(self) -> int:
        """All that were not confirmed."""
        return self.total - self.confirmed


def by_strategy(
    session: Session, kind: str | None = None, scope: str | None = None
) -> list[StrategyStats]:
    """Return the figures since the last reset, of ``kind`` and ``scope`` if they are given."""
    rows = session.execute(_BY_STRATEGY, {"kind": kind, "scope": scope})
    return [StrategyStats(*row) for row in rows]
