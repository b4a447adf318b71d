"""Processes whose lines aren't counted.

They run faster, and what they do is counted elsewhere. And the counting takes a lock: if Ctrl-C
comes just then, the lock is never let go, and the process waits for it for ever.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from booking_lab.stack import RunningLab, running


def uncounted() -> dict[str, str]:
    """The environment of such a process."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@contextmanager
def starting_uncounted() -> Iterator[None]:
    """What is started in the block isn't counted."""
    before = dict(os.environ)
    for name in before.keys() - uncounted().keys():
        del os.environ[name]
    try:
        yield
    finally:
        os.environ |= before


@contextmanager
def running_uncounted(**options: Any) -> Iterator[RunningLab]:
    """A lab all of whose processes aren't counted; see ``running``."""
    with ExitStack() as held:
        with starting_uncounted():
            lab = held.enter_context(running(**options))
        yield lab
