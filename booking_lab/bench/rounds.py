"""Statistics of measurements that are repeated in rounds.

The speed of a machine changes from one minute to the next, so that only values of the same round
are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The median, the minimum and the maximum of several measurements."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Return the spread of one or more ``values``.

        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(median=2.0, least=1.0, most=3.0)
        """
        return Spread(median(values), min(values), max(values))

    @staticmethod
    def of_ratios(values: Sequence[float], by: Sequence[float]) -> Spread:
        """Return the spread of the ratios ``values[n] / by[n]`` of the rounds."""
        return Spread.of([one / other for one, other in zip(values, by, strict=True)])

    def show(self, digits: int = 2) -> str:
        """Return the median, and half of the range in percent of the median, as text.

        >>> Spread(2.0, 1.9, 2.3).show()
        '2.00 ±10%'
        """
        around = (self.most - self.least) / 2 / self.median if self.median else 0
        return f"{self.median:,.{digits}f} ±{around:.0%}"
