"""What the answers of a crowd show."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from booking_lab.core.booking import Outcome
from booking_lab.core.strategy import Anomaly
from booking_lab.core.verdict import Verdict
from booking_lab.crowd.client import SeatAnswer


def overlaps(answers: Sequence[SeatAnswer]) -> int:
    """Count the bookings that were under way while another of the same seat was confirmed.

    Only these could have gone wrong; customers who came long after the seat was gone show nothing.
    """
    confirmed = defaultdict(list)
    for answer in answers:
        if answer.outcome == Outcome.CONFIRMED:
            confirmed[answer.seat].append(answer)
    return sum(
        any(
            other is not answer and other.begin <= answer.end and answer.begin <= other.end
            for other in confirmed[answer.seat]
        )
        for answer in answers
    )


def verdict(
    answers: Sequence[SeatAnswer], anomalies: Collection[Anomaly], *, silent: bool, promised: bool
) -> Verdict:
    """Judge a run.

    Args:
        answers: what the customers were told.
        anomalies: what the lab's books say is wrong.
        silent: whether a part of the books is missing.
        promised: whether the strategy promises that a crowd does no harm. Who meets whom is chance
            in a crowd: without that promise, a run in which nothing went wrong was a lucky one.
    """
    if anomalies:
        return Verdict.WRONG
    if silent:
        return Verdict.UNKNOWN
    # Where nobody met anybody, nothing was tried, and nothing can be called safe.
    if not overlaps(answers):
        return Verdict.INCONCLUSIVE
    return Verdict.SAFE if promised else Verdict.INCONCLUSIVE


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of all don't exceed.

    >>> percentile([30, 10, 20, 40], 0.5)
    20
    >>> percentile([30, 10, 20, 40], 0.99)
    40
    >>> percentile([], 0.5)
    nan
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def outcomes(answers: Sequence[SeatAnswer]) -> Counter[str]:
    """Count the answers by outcome."""
    return Counter(answer.outcome for answer in answers)
