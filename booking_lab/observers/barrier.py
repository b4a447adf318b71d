"""A barrier between decide and write, at which all bookers of a race wait for each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum

from booking_lab.core.booking import Booking
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind

#: Seconds between two checks which sessions are blocked.
_POLL_EVERY = 0.005


class ReleaseReason(StrEnum):
    """The reason why the barrier opened.

    ``FILLED``: all bookers had arrived. ``LET_GO``: the others could not arrive. ``TIMED_OUT``: the
    time was over.
    """

    FILLED = "filled"
    LET_GO = "let go"
    TIMED_OUT = "timed out"


class Barrier(Observer):
    """Stops each booker once, after its first decision, until all have arrived.

    Under a strategy with locks, the others may be unable to arrive: they wait for a lock that a
    booker at the barrier holds, or have ended. Then the barrier opens.

    Args:
        parties: how many bookers are expected.
    """

    def __init__(self, parties: int) -> None:
        self._parties = parties
        self._condition = threading.Condition()
        self._reason: ReleaseReason | None = None
        self._arrived: set[str] = set()
        self._ended = 0
        self._sessions: dict[str, int] = {}
        self._leasing: set[str] = set()

    @contextmanager
    def booking(self, booking: Booking) -> Iterator[None]:
        """Count the booking as ended if it leaves without a stop at the barrier."""
        try:
            yield
        finally:
            with self._condition:
                key = str(booking.request.id)
                self._sessions.pop(key, None)
                self._leasing.discard(key)
                self._ended += key not in self._arrived

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Record the booker's state, and stop it after its first decision."""
        key = str(step.booking.request.id)
        with self._condition:
            self._sessions[key] = step.session
            if step.kind is StepKind.WAIT:
                self._leasing.add(key)
            elif step.kind is not StepKind.ACQUIRE:  # between two waits, it requests the lease
                self._leasing.discard(key)
        yield
        if step.kind is StepKind.DECIDE and key not in self._arrived:
            with self._condition:
                self._arrived.add(key)
                self._condition.wait_for(lambda: self._reason is not None)

    def watch(
        self, blocked: Callable[[Collection[int]], set[int]], timeout: float
    ) -> ReleaseReason:
        """Open the barrier when all have arrived, when the others can't arrive, or after a timeout.

        Args:
            blocked: takes the process ids of sessions, and returns those that wait for another one
                of them.
            timeout: seconds.

        Returns:
            The reason.

        Raises:
            BaseException: an error of ``blocked``; the barrier is open after it, too.
        """
        try:
            return self._release(self._watched(blocked, timeout))
        except BaseException:
            self._release(ReleaseReason.TIMED_OUT)
            raise

    def _watched(
        self, blocked: Callable[[Collection[int]], set[int]], timeout: float
    ) -> ReleaseReason:
        try:
            return self._watch(blocked, timeout)
        finally:
            self._release(
                ReleaseReason.TIMED_OUT
            )  # if it is not open yet: no booker must wait for ever

    def _watch(
        self, blocked: Callable[[Collection[int]], set[int]], timeout: float
    ) -> ReleaseReason:
        deadline = time.monotonic() + timeout
        stuck_before = False
        while True:
            with self._condition:
                absent = {k: s for k, s in self._sessions.items() if k not in self._arrived}
                leasing = set(self._leasing)
                sessions = set(self._sessions.values())
                arrived, gone = len(self._arrived), self._ended
            waiting = blocked(sessions) if absent else set()
            stuck = arrived + gone + len(absent) == self._parties and all(
                key in leasing or session in waiting for key, session in absent.items()
            )
            if arrived == self._parties:
                return ReleaseReason.FILLED
            # At the moment of a check, a session may be between two waits. So two checks decide.
            if stuck and stuck_before:
                return ReleaseReason.LET_GO
            if time.monotonic() > deadline:
                return ReleaseReason.TIMED_OUT
            stuck_before = stuck
            time.sleep(_POLL_EVERY)

    def _release(self, opening: ReleaseReason) -> ReleaseReason:
        with self._condition:
            self._reason = self._reason or opening
            self._condition.notify_all()
        return opening
