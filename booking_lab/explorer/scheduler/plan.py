"""The plan of an exploration, and its servers."""

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
from booking_lab.runtime.strategy_registry import StrategyInfo

#: Seconds to wait for Redis.
_REDIS_TIMEOUT = 5.0


@dataclass(frozen=True)
class ExplorationServers:
    """The servers of an exploration, which nothing else uses.

    Attributes:
        database_url: the URL of a PostgreSQL database with the lab's tables.
        redis_url: the URL of Redis or Valkey; empty: there is none.
        redlock_urls: the URLs of Redlock's servers.
        copy_for_worker: creates databases like these for a process of the pool, fifteen times at
            most; none: the exploration runs in one process.
    """

    database_url: str
    redis_url: str = ""
    redlock_urls: Sequence[str] = ()
    copy_for_worker: Callable[[], ExplorationServers] | None = None

    @cached_property
    def connector(self) -> ExplorationConnector:
        """The connector for the database; it keeps its connections open."""
        return ExplorationConnector(self.database_url)

    @cached_property
    def clients(self) -> Sequence[Redis | None]:
        """The clients of Redis and of Redlock's servers; they record their commands."""
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
    """The plan of an exploration.

    Attributes:
        strategy: the strategy's entry, and the strategy with its options.
        workload: the workload.
        scenario: the scenario; it has one request for each booker.
        workers: the number of processes that the bookers share; 0: one for each.
        nemeses: the names of the nemeses.
        beside: the strategy of all bookers except the first; none: the same strategy.
    """

    strategy: tuple[StrategyInfo, Strategy]
    workload: LabWorkload
    scenario: Scenario
    workers: int = 0
    nemeses: Sequence[str] = ()
    beside: tuple[StrategyInfo, Strategy] | None = None

    @property
    def strategies(self) -> Sequence[tuple[StrategyInfo, Strategy]]:
        """The strategy of the first booker, and that of the others if it is another one."""
        return [self.strategy, *([self.beside] if self.beside else [])]

    @property
    def name(self) -> str:
        """The names of the strategies, such as ``none beside atomic``."""
        return " beside ".join(entry.name for entry, _ in self.strategies)
