"""How a check-then-act is kept safe: the interface of a strategy."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from booking_lab.core.capability import Capability

if TYPE_CHECKING:
    from booking_lab.core.attempt import Attempt


class Anomaly(StrEnum):
    """What a strategy may let through."""

    DOUBLE_BOOKING = "double booking"
    OVERSELL = "oversell"
    OVERLAP = "overlap"
    LOST_UPDATE = "lost update"
    ORPHAN = "orphan"
    LOST_BOOKING = "lost booking"
    WRONG_ANSWER = "wrong answer"
    REFUSED_WHILE_FREE = "refused while free"


Attempts = Annotated[int, Field(ge=1, le=1000, description="tries at most, the first included")]
#: What an option in seconds can be at most.
MOST_SECONDS = 120
Seconds = Annotated[float, Field(gt=0, le=MOST_SECONDS, description="seconds")]


@dataclass(frozen=True)
class Retry:
    """Try again, at most ``attempts`` times in all and ``deadline`` seconds.

    Before try n+1 it waits a random time between zero and ``base * 2**(n-1)`` seconds, at most
    ``cap`` ("full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    Without the jitter, those who collided would collide again.
    """

    attempts: int = 5
    base: float = 0.005
    cap: float = 0.25
    deadline: float = 10.0

    def delay(self, failed: int) -> float:
        """Return how many seconds to wait after the ``failed``-th failed try, counted from 1."""
        # Beyond 30 doublings any base is past any cap, and a float would overflow.
        return random.uniform(0, min(self.cap, self.base * 2 ** min(failed - 1, 30)))


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
