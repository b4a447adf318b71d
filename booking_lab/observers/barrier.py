"""A barrier between decide and write, where all bookers of a race meet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum

from booking_lab.core.booking import Booking
from booking_lab.core.observer import Observer, Step
from booking_lab.core.step import StepKind

#: Seconds between two looks at who is blocked.
_POLL_EVERY = 0.005


class ReleaseReason(StrEnum):
    """Why the barrier opened."""

    FILLED = "filled"
    LET_GO = "let go"
    TIMED_OUT = "timed out"


class Barrier(Observer):
    """Stops each booker once, after its first decision, until all are there.

    Under a strategy that blocks, those who have not come can't come: they wait for a lock that
    somebody at the barrier holds, or have ended. Then the barrier lets go.

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
        """Notice who has ended without coming to the barrier."""
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
        """Follow the booker; stop it once it has decided."""
        key = str(step.booking.request.id)
        with self._condition:
            self._sessions[key] = step.session
            if step.kind is StepKind.WAIT:
                self._leasing.add(key)
            elif step.kind is not StepKind.ACQUIRE:  # between two waits it asks for the lease
                self._leasing.discard(key)
        yield
        if step.kind is StepKind.DECIDE and key not in self._arrived:
            with self._condition:
                self._arrived.add(key)
                self._condition.wait_for(lambda: self._reason is not None)

    def watch(
        self, blocked: Callable[[Collection[int]], set[int]], timeout: float
    ) -> ReleaseReason:
        """Open the barrier when it is full, can't fill any more, or ``timeout`` seconds are over.

        Args:
            blocked: given sessions' process ids, says which of them wait for another of these.
            timeout: seconds.

        Raises:
            BaseException: what ``blocked`` raised; the barrier is open then, too.
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
            )  # unless it is open: nobody stands there for ever

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
            # A session may be between two waits while it is looked at, so it takes two looks.
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
