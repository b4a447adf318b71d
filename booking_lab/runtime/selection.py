"""Which strategy is active: one row in PostgreSQL that every booking reads when it begins.

PostgreSQL and not Redis, so that the strategies that don't need Redis go on without it. The row is
read on the connection that the booking has just taken, where a ping would have been sent anyway:
a switch is true everywhere from the moment it is committed, and it costs no extra message.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

from booking_lab.core.workload import Session
from booking_lab.db.session import Session as PooledSession
from booking_lab.errors import TimedOut, Unavailable

_READ = "SELECT strategy, options::text, think_time_ms, epoch, generation FROM lab"
_SWITCH = """
UPDATE lab SET strategy = %(strategy)s, options = %(options)s::jsonb,
    think_time_ms = %(think_time_ms)s, epoch = epoch + 1
RETURNING epoch
"""
_EXPECT = "SELECT expect_selection(%(epoch)s, %(resets)s)"
#: Seconds between two looks whether a switch has been seen through: the first, and the longest.
_LOOK, _LOOK_AT_MOST = 0.01, 0.05
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


def expect(session: PooledSession, current: Selection) -> None:
    """Have the next statement of ``session`` fail unless ``current`` is what it is then.

    It fails with ``StartOver``, and costs no message of its own.
    """
    expected = {"epoch": current.epoch, "resets": current.generation}
    session.ahead(_EXPECT, expected)


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


class Entry:
    """A booking under way for as long as the block runs.

    Attributes:
        epoch: the epoch that it runs in; none: not known yet.
    """

    __slots__ = ("_under_way", "epoch")

    def __init__(self, under_way: UnderWay) -> None:
        self.epoch: int | None = None
        self._under_way = under_way

    def __enter__(self) -> Entry:
        self._under_way.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._under_way.discard(self)


class UnderWay:
    """The bookings under way in this process, by the epoch that they run in.

    A booking enters before it reads the selection: until it has, it counts as older than any.
    """

    def __init__(self) -> None:
        self._entries: set[Entry] = set()
        self._lock = threading.Lock()

    def entered(self) -> Entry:
        """Count one booking for as long as the block runs; set ``epoch`` on it once known."""
        return Entry(self)

    def add(self, entry: Entry) -> None:
        """Count ``entry``."""
        with self._lock:
            self._entries.add(entry)

    def discard(self, entry: Entry) -> None:
        """Count ``entry`` no more."""
        with self._lock:
            self._entries.discard(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def older_than(self, epoch: int) -> set[Entry]:
        """The bookings that run in an epoch before ``epoch``, or don't know yet."""
        with self._lock:
            return {e for e in self._entries if e.epoch is None or e.epoch < epoch}


_REGISTER = """
INSERT INTO workers (worker, process_id, drained_epoch, flushed)
VALUES (%(worker)s, pg_backend_pid(), %(epoch)s, %(flushed)s)
ON CONFLICT (worker) DO UPDATE SET process_id = excluded.process_id, drained_epoch = %(epoch)s,
    flushed = greatest(workers.flushed, excluded.flushed)
"""
_GONE = """
DELETE FROM workers WHERE process_id NOT IN (SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL)
"""
_LIVE = """
SELECT count(*) FROM workers JOIN pg_stat_activity ON pid = process_id
WHERE starts_with(worker, %(instance)s || '/')
"""
_UNDRAINED = """
SELECT count(*) FROM workers JOIN pg_stat_activity ON pid = process_id
WHERE drained_epoch < %(epoch)s
"""


def register(session: Session, worker: str, epoch: int, flushed: int = 0) -> None:
    """Say that ``worker`` lives, on this session, and has seen the switch to ``epoch`` through.

    ``flushed`` is the number up to which it has written its ledger.
    """
    session.execute(_GONE)
    session.execute(_REGISTER, {"worker": worker, "epoch": epoch, "flushed": flushed})


def unregister(session: Session, worker: str) -> None:
    """Say that ``worker`` ends."""
    session.execute("DELETE FROM workers WHERE worker = %(worker)s", {"worker": worker})


def live_workers(session: Session, instance: str) -> int:
    """How many workers of ``instance`` have registered and live."""
    return int(session.execute(_LIVE, {"instance": instance})[0][0])


def wait_drained(
    lend: Callable[[], AbstractContextManager[Session]], epoch: int, timeout: float
) -> bool:
    """Wait until no live worker has a booking of an epoch before ``epoch`` under way.

    No connection is held while it waits, and that none is to be had for now ends nothing: what was
    switched is switched.

    Args:
        lend: lends a connection for a look.
        epoch: the epoch.
        timeout: seconds to wait at most.

    Returns:
        Whether they were all done in time.
    """
    deadline, pause = time.monotonic() + timeout, _LOOK
    while True:
        with suppress(TimedOut, Unavailable), lend() as session:
            if not session.execute(_UNDRAINED, {"epoch": epoch})[0][0]:
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(2 * pause, _LOOK_AT_MOST)
