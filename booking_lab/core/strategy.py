"""The interface of a strategy: one way to protect a check-then-act."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from enum import StrEnum
from typing import ClassVar

from booking_lab.core.attempt import Attempt
from booking_lab.core.capability import Capability
from booking_lab.core.retry import Retry


class Anomaly(StrEnum):
    """The kinds of wrong results, the worst first.

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
    """Return the worst of ``anomalies``; none if there are none."""
    return next((anomaly for anomaly in Anomaly if anomaly in anomalies), None)


class Strategy(ABC):
    """Base class of strategies.

    A subclass is a frozen dataclass in a module of its own. Its fields are the options that the
    admin API takes, validated by their annotations. The docstring of the module is the description
    of the strategy, and lists show its first line. The name of the module is the strategy's name.

    Attributes:
        allows: the anomalies that it does not promise to prevent. The conformance suite and the
            explorer report any other anomaly as a broken promise.
        allows_under_faults: further anomalies that can occur after a fault: a lock expires while
            its holder works, Redis loses its memory, or a booker dies.
        needs: the capabilities that it needs beyond rows. If one is missing, the API refuses it.
        serialises: the reason why bookers that share nothing wait for each other or conflict under
            it; empty if they don't.
        broken: whether it contains a known mistake on purpose. Such a strategy is offered only if
            the setting BOOKING_LAB_SHELF is on.

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
        """The rule for further tries after ``Retryable``; deadlocks can occur in every strategy."""
        return Retry()

    @abstractmethod
    def book(self, attempt: Attempt) -> None:
        """Book once. Return after the commit, or raise an error of the attempt's primitives."""
