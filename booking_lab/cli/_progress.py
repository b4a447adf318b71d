"""Progress of a long command: a line that changes on a terminal, and a line now and then elsewhere.

The lines go to standard error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

#: Seconds between two lines if standard error is not a terminal.
_EVERY = 30.0


@contextmanager
def count_progress(many: int, of: str) -> Iterator[Callable[[str], None]]:
    """Show how many items of a list are done.

    Args:
        many: the number of items.
        of: the word for the items, such as ``cells``.

    Yields:
        A function to call with the name of each item that is done.
    """
    console = Console(stderr=True)
    done, shown = 0, time.monotonic()
    with console.status(f"0 of {many} {of}") as status:

        def advance(last: str) -> None:
            nonlocal done, shown
            done += 1
            text = f"{done} of {many} {of}; last: {last}"
            status.update(text)
            if not console.is_terminal and time.monotonic() > shown + _EVERY:
                shown = time.monotonic()
                console.print(text)

        yield advance
