"""Threads beside the bookings, which go on whatever a part of their work comes to."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from booking_lab.errors import BookingLabError

log = logging.getLogger(__name__)

#: Seconds without a new round after which a thread is taken for one that hangs. A statement may
#: take a quarter of this.
_HANGS_AFTER = 60.0
#: Seconds that a thread gets to end.
_STOP_TIMEOUT = 10.0


class BackgroundTask:
    """Something to do again and again; an error of it is logged, and nobody else's.

    Only the first error of a series is logged, for it may go on for a while: a server that is away
    as a warning, anything else with its traceback.

    Args:
        name: what it is called in the log.
        do: does it once.
    """

    def __init__(self, name: str, do: Callable[[], object]) -> None:
        self.name = name
        self._do = do
        self._failing = False

    def __call__(self) -> None:
        """Do it once."""
        try:
            self._do()
        except BaseException as error:  # a plug-in may even have called sys.exit
            if not self._failing:
                away = isinstance(error, BookingLabError)
                log.log(
                    logging.WARNING if away else logging.ERROR,
                    "%s failed, and is tried again: %s",
                    self.name,
                    error,
                    exc_info=not away,
                )
            self._failing = True
        else:
            self._failing = False


class Heartbeat:
    """Tells whether a thread lives: it was started, has not ended, and begins its rounds."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = thread
        self._last = time.monotonic()

    def beat(self) -> None:
        """Say that a round begins."""
        self._last = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Whether rounds go on."""
        return self._thread.is_alive() and time.monotonic() - self._last < _HANGS_AFTER


class PeriodicThread:
    """A thread that sees to a duty until it is stopped.

    Args:
        duty: what to do in each round.
        every: seconds between two rounds.
    """

    def __init__(self, task: BackgroundTask, every: float) -> None:
        self._task = task
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=task.name, daemon=True)
        self.heartbeat = Heartbeat(self._thread)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread once its round is over."""
        self._stop.set()
        self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.heartbeat.beat()
            self._task()
