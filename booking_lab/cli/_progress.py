"""How far a long command has come: a line that changes, or outside of a terminal one at times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

#: Seconds between two lines where nothing can change.
_EVERY = 30.0


@contextmanager
def count_progress(many: int, of: str) -> Iterator[Callable[[str], None]]:
    """Show how many of so many are done, on standard error; yields what is told of each.

    Args:
        many: how many there are.
        of: what they are.
    """
    console = Console(stderr=True)
    done, shown = 0, time.monotonic()
    with console.status(f"0 of {many} {of}") as status:

        def tell(last: str) -> None:
            nonlocal done, shown
            done += 1
            text = f"{done} of {many} {of}; last: {last}"
            status.update(text)
            if not console.is_terminal and time.monotonic() > shown + _EVERY:
                shown = time.monotonic()
                console.print(text)

        yield tell
