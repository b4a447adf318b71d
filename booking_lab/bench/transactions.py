"""The statements that each strategy sends, taken down while it books.

So pgbench runs the same transaction as the service, whatever the strategy is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from booking_lab.bench.place import UNIFORM
from booking_lab.core.lease import Servers
from booking_lab.core.workload import Record, Row
from booking_lab.db.ledger import Ledger
from booking_lab.db.pool import Connector, Pool
from booking_lab.db.session import Session
from booking_lab.engine import Engine, Wish
from booking_lab.locks import redis_lock
from booking_lab.registry import SHIPPED, Registry
from booking_lab.workloads.seats import SeatRequest, Seats

T = TypeVar("T")


@dataclass
class Transcript:
    """The messages of one booking, in order; each is a list of statements sent together."""

    messages: list[list[str]] = field(default_factory=list)


class _TakenDown(Session):
    """A session that takes down what it sends."""

    transcript: Transcript

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        opening = [self._begin.strip().rstrip(";")] if self._begin else []
        self.transcript.messages.append([*opening, statement.strip()])
        return super().execute(statement, parameters)

    def commit(self, record: Record | None = None) -> None:
        sent = [record.statement()[0].strip()] if record else []
        self.transcript.messages.append([*sent, "COMMIT"])
        super().commit(record)


class _OneSession(Pool):
    """A pool of one session that takes down what it sends."""

    def __init__(self, connector: Connector, transcript: Transcript) -> None:
        super().__init__("transcript", connector, 1, 1)
        self._connector = connector
        self._transcript = transcript

    @contextmanager
    def session(self, first: Callable[[Session], T]) -> Iterator[tuple[Session, T]]:
        raw = self._connector.connect()
        session = _TakenDown(raw)
        session.transcript = self._transcript
        try:
            yield session, first(session)
        finally:
            raw.close()


def record(
    database_url: str, redis_url: str, strategies: Sequence[str] = ()
) -> dict[str, Transcript]:
    """Book once under each strategy, or those named; return what each sent."""
    connector = Connector(database_url)
    registry = Registry([SHIPPED])
    redis = redis_lock.connect(redis_url, 1.0)
    transcripts = {}
    entries = [registry.get(name) for name in strategies] or registry.entries()
    for number, entry in enumerate(entries, start=1):
        transcript = Transcript()
        engine = Engine(
            _OneSession(connector, transcript), Servers(redis), registry, Ledger(), [], "bench"
        )
        request = SeatRequest(
            event_id=UNIFORM.event_id, seats=(f"S{number}",), customer_id="transcript"
        )
        engine.book(Seats(), request, Wish("", (entry, entry.make({}))))
        transcripts[entry.name] = transcript
    redis.close()
    return transcripts
