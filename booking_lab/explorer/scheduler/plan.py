"""What is explored, and on which servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from redis import Redis

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario
from booking_lab.core.strategy import Strategy
from booking_lab.explorer.recording.calls import record_commands
from booking_lab.explorer.recording.connector import ExplorationConnector
from booking_lab.locks import redis_lock
from booking_lab.runtime.strategy_registry import Entry

#: Seconds to wait for Redis.
_REDIS_TIMEOUT = 5.0


@dataclass(frozen=True)
class ExplorationServers:
    """The servers of an exploration; the database and Redis belong to it alone.

    Attributes:
        database_url: PostgreSQL, with the lab's tables.
        redis_url: Redis or Valkey.
        redlock_urls: the servers of Redlock.
        part: makes another place like this one, for a process of a crew, fifteen at most; none:
            there is no more than this one.
    """

    database_url: str
    redis_url: str = ""
    redlock_urls: Sequence[str] = ()
    copy_for_worker: Callable[[], ExplorationServers] | None = None

    @cached_property
    def connector(self) -> ExplorationConnector:
        """Its connections; they stay open for as long as there is the place."""
        return ExplorationConnector(self.database_url)

    @cached_property
    def clients(self) -> Sequence[Redis | None]:
        """Its clients of Redis and of Redlock's servers; they stay connected as well."""
        clients = [
            redis_lock.connect(url, _REDIS_TIMEOUT) if url else None
            for url in (self.redis_url, *self.redlock_urls)
        ]
        for number, client in enumerate(clients):
            if client:
                record_commands(client, f"server {number}" if number else "")
        return clients


@dataclass(frozen=True)
class ExplorationPlan:
    """What to explore.

    Attributes:
        strategy: the strategy, with its options.
        workload: what is booked.
        scenario: what the bookers contend for; its requests say how many there are.
        workers: in how many processes they are; by default each in one of its own.
        nemeses: what can go wrong, by name.
        beside: what all bookers but the first book under; none: the same strategy.
    """

    strategy: tuple[Entry, Strategy]
    workload: LabWorkload
    scenario: Scenario
    workers: int = 0
    nemeses: Sequence[str] = ()
    beside: tuple[Entry, Strategy] | None = None

    @property
    def strategies(self) -> Sequence[tuple[Entry, Strategy]]:
        """The strategies, each once: the first booker's, and the others' if it is another one."""
        return [self.strategy, *([self.beside] if self.beside else [])]

    @property
    def name(self) -> str:
        """What they book under, in a word or three."""
        return " beside ".join(entry.name for entry, _ in self.strategies)
