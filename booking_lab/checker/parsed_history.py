"""A parsed history: its operations and headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from booking_lab.checker.operation import Effect, Operation


@dataclass(frozen=True)
class Header:
    """The header of a worker, written at ``time``; see ``observers.history`` for its values."""

    time: int
    database: str
    fresh: Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass
class History:
    """A parsed history.

    Attributes:
        operations: bookings, moves, cancellations and resets, in the order of the file.
        headers: the headers, one for each time that a worker began to record.
        workers: the workers that recorded.
        truncated: whether there are incomplete lines.
    """

    operations: list[Operation] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)
    workers: set[str] = field(default_factory=set)
    truncated: bool = False

    def available(
        self, database: str, workload: str, scope: str, operations: Iterable[Operation]
    ) -> Mapping[str, Any] | None:
        """Return the facts of a scope before the first of ``operations``, which are all of its.

        None if they are not known: there were bookings before the recording, or before the first
        header with facts of this scope.
        """
        fresh = [
            (header.time, header.fresh[workload][scope])
            for header in self.headers
            if header.database == database and scope in header.fresh.get(workload, {})
        ]
        recorded_at, found = min(fresh, key=itemgetter(0), default=(0, None))
        changed = (Effect.HAPPENED, Effect.POSSIBLE)
        if any(one.invoked <= recorded_at for one in operations if one.effect in changed):
            return None
        return found


def by_scope(history: History) -> Iterator[tuple[tuple[str, str, str], list[Operation]]]:
    """Yield the operations by (database, workload, scope), except those without an effect."""
    scopes: dict[tuple[str, str, str], list[Operation]] = defaultdict(list)
    for one in history.operations:
        if one.effect is not Effect.NONE:
            scopes[one.database, one.workload, one.scope].append(one)
    yield from scopes.items()
