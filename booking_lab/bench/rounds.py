"""Measurements that are repeated in turn: no machine is the same from one minute to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The median of several measurements, and the least and the greatest of them."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Return the spread of ``values``, of which there is one at least.

        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(median=2.0, least=1.0, most=3.0)
        """
        return Spread(median(values), min(values), max(values))

    @staticmethod
    def of_ratios(values: Sequence[float], by: Sequence[float]) -> Spread:
        """Return the spread of the ratios of values that were measured in the same rounds."""
        return Spread.of([one / other for one, other in zip(values, by, strict=True)])

    def show(self, digits: int = 2) -> str:
        """Return it for a reader: the median, and half of what lies between least and greatest.

        >>> Spread(2.0, 1.9, 2.3).show()
        '2.00 ±10%'
        """
        around = (self.most - self.least) / 2 / self.median if self.median else 0
        return f"{self.median:,.{digits}f} ±{around:.0%}"
