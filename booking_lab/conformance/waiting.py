"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: The default deadline in seconds.
_PATIENCE = 60.0


def eventually(condition: Callable[[], T], what: str = "", within: float = _PATIENCE) -> T:
    """Wait until ``condition`` returns a true value, and return that value.

    Args:
        condition: called again and again. An OSError or an HTTPException counts as false, because
            the lab may be recovering.
        what: a description for the error.
        within: the deadline in seconds.

    Raises:
        AssertionError: the deadline has passed.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            if held := condition():
                return held
        except (OSError, http.client.HTTPException):
            pass
        assert time.monotonic() < deadline, f"{what or 'it'}: not within {within:.0f} s"
        time.sleep(0.01)
