"""Statistics of bookings from the ledger: counts and latencies by strategy."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from booking_lab.core.workload import Session
from booking_lab.db import tallies

#: A distribution of times: the number of bookings by bucket.
_Times = Mapping[int, int]


@dataclass(frozen=True)
class StrategyStats:
    """Counts and times of the bookings under one strategy; times in milliseconds.

    Times are accurate to one per cent: the ledger keeps their distribution, not each value. Without
    bookings they are none.

    Attributes:
        overlapping: bookings that overlapped with another, confirmed one of the same thing. If
            there are none, the strategy was not tested.
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
        """The number of bookings that were not confirmed."""
        return self.total - self.confirmed


_OUTCOMES = ("confirmed", "refused", "conflict", "timeout", "unknown", "error")


def by_strategy(
    session: Session, kind: str | None = None, scope: str | None = None
) -> tuple[list[StrategyStats], bool]:
    """Return the statistics since the last reset, and whether they are complete.

    They are incomplete while very many new rows of the ledger have not been added up yet.

    Args:
        session: the session.
        kind: only this workload, if given.
        scope: only this scope, if given.
    """
    found: dict[str, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    rows, complete = tallies.read(session, kind, scope)
    for strategy, figure, bucket, n in rows:
        found[strategy][figure][bucket] = n
    return [_stats(strategy, figures) for strategy, figures in sorted(found.items())], complete


def _stats(strategy: str, figures: Mapping[str, _Times]) -> StrategyStats:
    outcomes = {name: _count(figures, name) for name in _OUTCOMES}
    total = figures.get("total_ms", {})
    return StrategyStats(
        strategy=strategy,
        **outcomes,
        total=sum(outcomes.values()),
        overlapping=_count(figures, "overlapping"),
        retries=_count(figures, "retries"),
        p50_ms=_percentile(total, 0.50),
        p95_ms=_percentile(total, 0.95),
        p99_ms=_percentile(total, 0.99),
        waited_p95_ms=_percentile(figures.get("waited_ms", {}), 0.95),
        held_p95_ms=_percentile(figures.get("held_ms", {}), 0.95),
    )


def _count(figures: Mapping[str, _Times], name: str) -> int:
    return sum(figures.get(name, {}).values())


def _percentile(times: _Times, share: float) -> float | None:
    """Return the shortest time that at least ``share`` of the bookings do not exceed."""
    wanted, so_far = math.ceil(share * sum(times.values())), 0
    for bucket, n in sorted(times.items()):
        so_far += n
        if so_far >= wanted:
            return round(tallies.time_of(bucket), 3)
    return None
