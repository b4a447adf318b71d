"""Statistics from the ledger: counts and latencies by strategy."""

from __future__ import annotations

from dataclasses import dataclass

from booking_lab.core.workload import Session

_BY_STRATEGY = """
SELECT strategy,
    count(*) FILTER (WHERE outcome = 'confirmed'),
    count(*) FILTER (WHERE outcome = 'refused'),
    count(*) FILTER (WHERE outcome = 'conflict'),
    count(*) FILTER (WHERE outcome = 'timeout'),
    count(*) FILTER (WHERE outcome = 'unknown'),
    count(*) FILTER (WHERE outcome = 'error'),
    count(*),
    coalesce(sum(greatest(tries - 1, 0)), 0),
    percentile_disc(0.50) WITHIN GROUP (ORDER BY total_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY total_ms),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY total_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY waited_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY held_ms)
FROM attempts GROUP BY strategy ORDER BY strategy
"""


@dataclass(frozen=True)
class StrategyStats:
    """How the bookings under one strategy went; times in milliseconds, none without bookings."""

    strategy: str
    confirmed: int
    refused: int
    conflict: int
    timeout: int
    unknown: int
    error: int
    total: int
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


def by_strategy(session: Session) -> list[StrategyStats]:
    """Return the figures since the last reset."""
    return [StrategyStats(*row) for row in session.execute(_BY_STRATEGY)]
