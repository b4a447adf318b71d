"""When a booking is tried again, and what options of strategies are in attempts and seconds."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Attempts = Annotated[int, Field(ge=1, le=1000, description="tries at most, the first included")]
#: What an option in seconds can be at most.
MAX_SECONDS = 120
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS, description="seconds")]


@dataclass(frozen=True)
class Retry:
    """Try again, at most ``attempts`` times in all and ``deadline`` seconds.

    Before try n+1 it waits a random time between zero and ``base * 2**(n-1)`` seconds, at most
    ``cap`` ("full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    Without the jitter, those who collided would collide again.

    >>> retry = Retry(attempts=3, base=0.01, cap=0.015)
    >>> 0 <= retry.delay(1) <= 0.01
    True
    >>> 0 <= retry.delay(9) <= 0.015
    True

    As options of a strategy, its parts have bounds:

    >>> import pydantic
    >>> pydantic.TypeAdapter(Attempts).json_schema()["maximum"]
    1000
    >>> pydantic.TypeAdapter(Seconds).json_schema()["maximum"]
    120
    """

    attempts: int = 5
    base: float = 0.005
    cap: float = 0.25
    deadline: float = 10.0

    def delay(self, failed: int) -> float:
        """Return how many seconds to wait after the ``failed``-th failed try, counted from 1."""
        # Beyond 30 doublings any base is past any cap, and a float would overflow.
        return random.uniform(0, min(self.cap, self.base * 2 ** min(failed - 1, 30)))
