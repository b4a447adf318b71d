"""Statistics from the ledger: counts and latencies by strategy."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from booking_lab.core.workload import Session
from booking_lab.db import tallies

#: How many bookings took how long: numbers by bucket.
_Times = Mapping[int, int]


@dataclass(frozen=True)
class StrategyStats:
    """How the bookings under one strategy went; times in milliseconds, none without bookings.

    Times are within one per cent: the ledger keeps their distribution and not each of them.

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


_OUTCOMES = ("confirmed", "refused", "conflict", "timeout", "unknown", "error")


def by_strategy(
    session: Session, kind: str | None = None, scope: str | None = None
) -> tuple[list[StrategyStats], bool]:
    """Return the figures since the last reset, of ``kind`` and ``scope`` if they are given.

    Returns whether they are complete, too: not while a flood of rows has still to be added up.
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
    """The shortest time that at least ``share`` of all don't exceed."""
    wanted, so_far = math.ceil(share * sum(times.values())), 0
    for bucket, n in sorted(times.items()):
        so_far += n
        if so_far >= wanted:
            return round(tallies.time_of(bucket), 3)
    return None
