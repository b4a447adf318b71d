"""Waiting for what has to come about."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds until something counts as not coming.
_PATIENCE = 60.0


def eventually(condition: Callable[[], T], what: str = "", within: float = _PATIENCE) -> T:
    """Wait until ``condition`` holds, and return it; an error while the lab recovers counts as no.

    Args:
        condition: is asked again and again.
        what: it is waited for, in words.
        within: seconds.

    Raises:
        AssertionError: it didn't come to hold.
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
