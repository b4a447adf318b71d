"""The progress bar of an exploration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from booking_lab.explorer.scheduler.exploration import Exploration

_DAY = 86_400  # seconds


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[Exploration, float], None]]:
    """Show a progress bar for the block, if the console is a terminal.

    Yields:
        A function to call after each schedule, with the findings so far and their share of all.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[rest]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task("starting", total=1.0, rest="")

        def update(found: Exploration, share: float) -> None:
            bars.update(
                bar,
                completed=share,
                description=done_text(found),
                rest=remaining_text(found, share),
            )

        yield update if console.is_terminal else lambda _found, _share: None


def done_text(found: Exploration) -> str:
    """Return the text with the counts so far."""
    rate = found.schedules / max(found.seconds, 1e-9)
    return f"{found.schedules:,} schedules, {found.bad:,} bad, {rate:.0f}/s"


def remaining_text(found: Exploration, share: float) -> str:
    """Return the text with estimates of all schedules and of the remaining time."""
    if share <= 0:
        return ""
    left = round(found.seconds * (1 - share) / share)
    time = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
    if left > _DAY:
        time = f"{left // _DAY:,} days"
    return f"{share:.0%} of about {found.schedules / share:,.0f}, {time} left"
