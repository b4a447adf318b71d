"""The selection: the active strategy and its options, one row in PostgreSQL.

It is in PostgreSQL and not in Redis, so that strategies without Redis work without it. Each booking
checks the row in a message that it sends anyway. So a switch counts everywhere from its commit on,
and costs no extra message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from booking_lab.core.statement import Statement
from booking_lab.core.workload import Session
from booking_lab.db.session import PostgresSession

_READ = Statement("SELECT strategy, options::text, think_time_ms, epoch, generation FROM lab")
_SWITCH = """
UPDATE lab SET strategy = %(strategy)s, options = %(options)s::jsonb,
    think_time_ms = %(think_time_ms)s, epoch = epoch + 1
RETURNING epoch
"""
#: Fails with StartOver if the selection has changed.
ASSERT_UNCHANGED = Statement("SELECT expect_selection(%(epoch)s, %(resets)s)")
#: The channel of the notifications of a switch.
CHANNEL = "booking_lab_switch"


@dataclass(frozen=True)
class Selection:
    """The strategy and the think time of the next bookings.

    Attributes:
        strategy: the strategy's name.
        options: the options that it was given, as JSON.
        think_time_ms: the race window in milliseconds.
        epoch: the count of switches.
        generation: the count of resets.
    """

    strategy: str
    options: str
    think_time_ms: float
    epoch: int
    generation: int


@dataclass(frozen=True)
class Switched:
    """The result of a switch: the selections before and after it."""

    before: Selection
    after: Selection


def read(session: Session) -> Selection:
    """Read the selection."""
    return Selection(*session.execute(_READ)[0])


def assert_unchanged(session: PostgresSession, current: Selection) -> None:
    """Make the next statement of ``session`` fail with ``StartOver`` if the selection has changed.

    The check is sent together with that statement.
    """
    expected = {"epoch": current.epoch, "resets": current.generation}
    session.prepend(ASSERT_UNCHANGED, expected)


def switch(
    session: Session,
    *,
    strategy: str | None = None,
    options: Mapping[str, Any] | None = None,
    think_time_ms: float | None = None,
) -> Switched:
    """Change the given values, raise the epoch, and notify every worker."""
    session.begin(None)
    try:
        before = Selection(*session.execute(f"{_READ} FOR UPDATE")[0])
        changed = {
            "strategy": strategy or before.strategy,
            "options": before.options if options is None else json.dumps(options),
            "think_time_ms": before.think_time_ms if think_time_ms is None else think_time_ms,
        }
        session.execute(_SWITCH, changed)
        session.execute(f"NOTIFY {CHANNEL}")
        after = read(session)
    except BaseException:
        session.rollback()
        raise
    session.commit(None)
    return Switched(before, after)
