"""The verdict on the answers of a crowd."""

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

    Only these could have gone wrong. Customers that came long after the confirmation show nothing.
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
    """Return the verdict on a run.

    Args:
        answers: the answers to the customers.
        anomalies: the anomalies of the lab's audit.
        silent: whether a part of the audit is missing.
        promised: whether the strategy promises that there are no double bookings. Without that
            promise, a run without anomalies is inconclusive, because races are chance in a crowd.
    """
    if anomalies:
        return Verdict.WRONG
    if silent:
        return Verdict.UNKNOWN
    # Without overlapping bookings there was no race, and nothing can be called safe.
    if not overlaps(answers):
        return Verdict.INCONCLUSIVE
    return Verdict.SAFE if promised else Verdict.INCONCLUSIVE


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is at least as large as the given ``share`` of all values.

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
