"""Background threads, which go on when one of their tasks fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from booking_lab.errors import BookingLabError

log = logging.getLogger(__name__)

#: Seconds without a new round after which a thread counts as hanging. A statement may take a
#: quarter of this.
_HANGS_AFTER = 60.0
#: Seconds that a thread has to end.
_STOP_TIMEOUT = 10.0


class BackgroundTask:
    """A task that runs again and again; its errors are logged, and don't go further.

    Of a series of errors, only the first is logged. An error of the lab, such as a server that is
    away, is a warning; any other error is logged with its traceback.

    Args:
        name: the name in the log.
        do: does the task once.
    """

    def __init__(self, name: str, do: Callable[[], object]) -> None:
        self.name = name
        self._do = do
        self._failing = False

    def __call__(self) -> None:
        """Run the task once."""
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
    """Shows whether a thread is alive: it was started, has not ended, and begins rounds in time."""

    def __init__(self, thread: threading.Thread) -> None:
        self._thread = thread
        self._last = time.monotonic()

    def beat(self) -> None:
        """Note that a round begins."""
        self._last = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive() and time.monotonic() - self._last < _HANGS_AFTER


class PeriodicThread:
    """A thread that runs a task periodically until it is stopped.

    Args:
        task: the task of each round.
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
        """End the thread after its present round."""
        self._stop.set()
        self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self.heartbeat.beat()
            self._task()
