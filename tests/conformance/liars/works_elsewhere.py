"""Row lock: the work is done in a thread of its own, where nobody knows whose request it is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from booking_lab import Attempt, Strategy


@dataclass(frozen=True)
class WorksElsewhere(Strategy):
    def book(self, attempt: Attempt) -> None:
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(self._book, attempt).result()

    def _book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            attempt.lock_rows()
            attempt.write(attempt.decide(attempt.read()))
