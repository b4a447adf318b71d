"""The rule for further tries, and types for options that are numbers of tries or seconds."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Attempts = Annotated[int, Field(ge=1, le=1000, description="tries at most, the first included")]
#: The highest value of an option in seconds.
MAX_SECONDS = 120
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS, description="seconds")]


@dataclass(frozen=True)
class Retry:
    """The rule for further tries after a conflict: exponential back-off with full jitter.

    The pause after the n-th failed try is a random time between zero and ``base * 2**(n-1)``
    seconds, at most ``cap``. Without the jitter, bookings that collided would collide again.
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Attributes:
        attempts: the number of tries, including the first.
        base: the longest first pause, in seconds.
        cap: the longest pause at all, in seconds.
        deadline: seconds after the begin of the booking; no try begins later.

    >>> retry = Retry(attempts=3, base=0.01, cap=0.015)
    >>> 0 <= retry.delay(1) <= 0.01
    True
    >>> 0 <= retry.delay(9) <= 0.015
    True

    The types ``Attempts`` and ``Seconds`` have bounds:

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
        """Return the pause in seconds after failed try number ``failed``, counted from 1."""
        # After 30 doublings any base exceeds any cap; more doublings would overflow a float.
        return random.uniform(0, min(self.cap, self.base * 2 ** min(failed - 1, 30)))
