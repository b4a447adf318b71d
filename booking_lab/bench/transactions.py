"""The statements that each strategy sends, taken down while it books.

So pgbench runs the same transaction as the service, whatever the strategy is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from booking_lab.bench.place import Place
from booking_lab.core.booking import Outcome
from booking_lab.core.workload import Record, Row
from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.connector import Connector
from booking_lab.db.ledger import Ledger
from booking_lab.db.pool import Pool
from booking_lab.db.session import Session
from booking_lab.runtime.engine import Engine, Wish
from booking_lab.runtime.lab import Lab

T = TypeVar("T")


@dataclass
class Transcript:
    """The messages of one booking, in order; each is a list of statements sent together."""

    messages: list[list[str]] = field(default_factory=list)


class _TakenDown(Session):
    """A session that takes down what it sends."""

    def __init__(self, raw: BoundedConnection, transcript: Transcript) -> None:
        super().__init__(raw)
        self._transcript = transcript
        self._message: list[str] = []

    def begin(self, isolation: str | None = None) -> None:
        super().begin(isolation)
        self._message = [one for one in self._begin.split(";\n") if one]

    def ahead(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        self._message.append(statement)
        super().ahead(statement, parameters)

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        self._note_message(statement.strip())
        return super().execute(statement, parameters)

    def commit(self, record: Record | None = None) -> None:
        sent = [record.statement()[0].strip()] if record else []
        self._note_message(*sent, "COMMIT")
        super().commit(record)

    def _note_message(self, *statements: str) -> None:
        self._transcript.messages.append([*self._message, *statements])
        self._message = []


class _OneSession(Pool):
    """A pool of one session that takes down what it sends while it is lent for the last time."""

    def __init__(self, connector: Connector, transcript: Transcript) -> None:
        super().__init__("transcript", connector, 1, 1)
        self._transcript = transcript

    @contextmanager
    def session(self, first: Callable[[Session], T]) -> Iterator[tuple[Session, T]]:
        self._transcript.messages.clear()
        raw = self._connector.connect()
        session = _TakenDown(raw, self._transcript)
        try:
            yield session, first(session)
        finally:
            raw.close()


def record(lab: Lab, strategy: str, place: Place) -> Transcript:
    """Book once under a strategy; return what it sent.

    Raises:
        UnknownStrategy: there is none of this name.
        RuntimeError: nothing was booked.
    """
    transcript = Transcript()
    pool = _OneSession(lab.connector, transcript)
    servers = lab.servers
    engine = Engine(pool, servers, lab.registry, Ledger(), [], "bench")
    entry = lab.registry.get(strategy)
    request = place.request(random.Random(strategy), "transcript")
    done = engine.book(place.workload, request, Wish("", (entry, entry.make({}))))
    if done.outcome is not Outcome.CONFIRMED:
        raise RuntimeError(f"{strategy} booked nothing: {done.message}")
    return transcript
