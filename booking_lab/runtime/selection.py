"""Which strategy is active: one row in PostgreSQL that every booking reads when it begins.

PostgreSQL and not Redis, so that the strategies that don't need Redis go on without it. The row is
read on the connection that the booking has just taken, where a ping would have been sent anyway:
a switch is true everywhere from the moment it is committed, and it costs no extra message.
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
#: Fails unless the selection is what it was.
ASSERT_UNCHANGED = Statement("SELECT expect_selection(%(epoch)s, %(resets)s)")
#: The channel on which workers hear of a switch.
CHANNEL = "booking_lab_switch"


@dataclass(frozen=True)
class Selection:
    """What the lab does from the next booking on.

    Attributes:
        strategy: the strategy's name.
        options: the options that it was given, as JSON.
        think_time_ms: the race window.
        epoch: counts switches.
        generation: counts resets.
    """

    strategy: str
    options: str
    think_time_ms: float
    epoch: int
    generation: int


@dataclass(frozen=True)
class Switched:
    """A switch: what was before, what is now."""

    before: Selection
    after: Selection


def read(session: Session) -> Selection:
    """Read the selection."""
    return Selection(*session.execute(_READ)[0])


def assert_unchanged(session: PostgresSession, current: Selection) -> None:
    """Have the next statement of ``session`` fail unless ``current`` is what it is then.

    It fails with ``StartOver``, and costs no message of its own.
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
    """Change what is given, and the epoch; tell every worker."""
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
