"""How a check-then-act is kept safe: the interface of a strategy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from enum import StrEnum
from typing import ClassVar

from booking_lab.core.attempt import Attempt
from booking_lab.core.capability import Capability
from booking_lab.core.retry import Retry


class Anomaly(StrEnum):
    """What a strategy may let through, the worst first.

    >>> Anomaly("oversell")
    <Anomaly.OVERSELL: 'oversell'>
    """

    DOUBLE_BOOKING = "double booking"
    OVERSELL = "oversell"
    OVERLAP = "overlap"
    LOST_UPDATE = "lost update"
    ORPHAN = "orphan"
    LOST_BOOKING = "lost booking"
    WRONG_ANSWER = "wrong answer"
    REFUSED_WHILE_FREE = "refused while free"


def worst(anomalies: Collection[Anomaly]) -> Anomaly | None:
    """Return the one to name where there is room for one; none: there is none."""
    return next((anomaly for anomaly in Anomaly if anomaly in anomalies), None)


class Strategy(ABC):
    """One way to book safely, or not.

    A subclass is a frozen dataclass in a module of its own. Its fields are the options that the
    admin API takes, validated by their annotations. The module's docstring is its description;
    its first line is shown in lists. Its name is the module's.

    Attributes:
        allows: the anomalies that it does not promise to prevent; undeclared ones are held
            against it.
        allows_under_faults: those that it lets through besides, once a lock expires while its
            holder works, Redis loses its memory, or a booker dies.
        needs: what it needs beyond rows; without it the API says so.
        serialises: why bookers who share nothing wait for each other or conflict under it; empty:
            they don't.
        broken: whether it is wrong on purpose: a known mistake, off unless asked for.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class LockFirst(Strategy):
    ...     attempts: int = 3
    ...
    ...     @property
    ...     def retry(self):
    ...         return Retry(self.attempts)
    ...
    ...     def book(self, attempt: Attempt) -> None:
    ...         with attempt.transaction():
    ...             attempt.lock_rows()
    ...             change = attempt.decide(attempt.read())
    ...             attempt.write(change)
    >>> LockFirst(attempts=5).retry.attempts
    5
    >>> LockFirst.allows, LockFirst.needs
    (frozenset(), frozenset())
    """

    name: ClassVar[str] = ""
    allows: ClassVar[frozenset[Anomaly]] = frozenset()
    allows_under_faults: ClassVar[frozenset[Anomaly]] = frozenset()
    needs: ClassVar[frozenset[Capability]] = frozenset()
    serialises: ClassVar[str] = ""
    broken: ClassVar[bool] = False

    @property
    def retry(self) -> Retry:
        """When the engine tries again after ``Retryable``; deadlocks can hit every strategy."""
        return Retry()

    @abstractmethod
    def book(self, attempt: Attempt) -> None:
        """Book once: return after the commit, or raise what the attempt's primitives raise."""
