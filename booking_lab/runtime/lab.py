"""Everything that one process of the lab holds."""

from __future__ import annotations

import logging
import os
import threading
from itertools import product

import psycopg2

from booking_lab.config import Settings
from booking_lab.core.capability import Capability, Counts
from booking_lab.core.lease import Servers
from booking_lab.core.observer import Observer
from booking_lab.db import schema, upkeep
from booking_lab.db.connector import Connector
from booking_lab.db.identity import Identity
from booking_lab.db.ledger import Ledger
from booking_lab.db.pool import Pool
from booking_lab.db.probe import Probe
from booking_lab.db.upkeep import Upkeep
from booking_lab.errors import BookingLabError
from booking_lab.locks import redis_lock
from booking_lab.observers import gauges, metrics, tracing
from booking_lab.observers.history import History
from booking_lab.observers.metrics import Metrics
from booking_lab.observers.think import ThinkTime
from booking_lab.plugins import is_shipped
from booking_lab.runtime import counter_repair, selection
from booking_lab.runtime.background import Duty, Rounds
from booking_lab.runtime.counter_repair import Reconciler
from booking_lab.runtime.engine import Engine
from booking_lab.runtime.housekeeping import Housekeeping
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

#: How many requests of a worker may wait at a time that are no bookings: switches, resets, races.
#: Eight threads are left to what isn't booking, so that two of them are always free for reads.
MOST_WAITS = 6

log = logging.getLogger(__name__)


class Lab:
    """The pools, the servers, the strategies and the engine of one process.

    Made before the workers fork; ``start`` opens what must not be shared between processes.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = Registry([SHIPPED, *settings.strategy_folders], shelf=settings.shelf)
        self.workloads = Workloads(settings.workload_folders)
        self.connector = Connector(
            settings.database_url,
            settings.lock_timeout,
            settings.statement_timeout,
            settings.prepare,
        )
        schema.reject_unfit(self.workloads, settings.database_url)
        self.ledger = Ledger()
        self.metrics = Metrics()
        self.tracer_provider = tracing.provider(settings) if settings.otlp_endpoint else None
        #: Of the threads that bookings leave free, so many may wait for bookings or for locks.
        self.waits = threading.BoundedSemaphore(MOST_WAITS)
        self._identity = Identity(self.connector)
        self._housekeeping: Housekeeping | None = None
        self._rounds: list[Rounds] = []

    def start(self) -> None:
        """Open pools and clients and start the housekeeping; call it in the worker."""
        settings = self.settings
        self.worker = f"{settings.instance_name}/{os.getpid()}"
        self.bookings = Pool(
            "booking", self.connector, settings.booking_pool, settings.pool_timeout
        )
        # Reads have connections of their own: bookers that wait for a lock don't starve them.
        self.reads = Pool(
            "read",
            self.connector,
            settings.read_pool,
            settings.pool_timeout,
            altered=not all(is_shipped(type(workload)) for workload in self.workloads),
        )
        self.probe = Probe(self.connector, self.worker)
        self.redis = (
            redis_lock.connect(settings.redis_url, settings.redis_timeout)
            if settings.redis_url
            else None
        )
        self.redis_probe = (
            redis_lock.connect(
                settings.redis_url, min(settings.redis_timeout, redis_lock.PROBE_TIMEOUT)
            )
            if settings.redis_url
            else None
        )
        self.redlock = tuple(
            redis_lock.connect(url, settings.redis_timeout) for url in settings.redlock_urls
        )
        self.servers = Servers(self.redis, self.redlock, identity=self._identity)
        self.history = self._recording()
        self.engine = Engine(
            self.bookings,
            self.servers,
            self.registry,
            self.ledger,
            self._observers(),
            self.worker,
        )
        metrics.begin_at_zero(*self._bookable())
        countable = {one.name: one for one in self.workloads if isinstance(one, Counts)}
        self._housekeeping = Housekeeping(
            self.connector,
            self.ledger,
            self.engine.under_way,
            self.worker,
            connected=self._identity.learn,
            duties=[
                Duty("showing gauges", lambda: gauges.show((self.bookings, self.reads))),
                Duty("publishing metrics", self.metrics.publish),
            ],
        )
        self._housekeeping.start()
        if self.redis:
            # Apart from the housekeeping: a Redis that doesn't answer must not delay a switch.
            self.reconciler = Reconciler(self.redis, countable, self.reads, self._identity)
            self._rounds.append(
                Rounds(Duty("repairing counters", self.reconciler.round), counter_repair.EVERY)
            )
        # Apart from it as well: a batch takes longer than the ledger's rows may wait.
        keeping = Upkeep(self.reads, selection.read, settings.ledger_days)
        self._rounds.append(Rounds(Duty("keeping the ledger", keeping.round), upkeep.EVERY))
        for one in self._rounds:
            one.start()

    def stop(self) -> None:
        """Write the ledger's last rows and close everything."""
        for one in self._rounds:
            one.stop()
        self._rounds = []
        if self._housekeeping:
            self._housekeeping.stop()
            self._housekeeping = None
            self.metrics.publish()
            self.bookings.close()
            self.reads.close()
            self.probe.close()
            for client in (self.redis, self.redis_probe, *self.redlock):
                if client:
                    client.close()
            if self.history:
                self.history.close()
            if self.tracer_provider:
                self.tracer_provider.shutdown()

    @property
    def lives(self) -> bool:
        """Whether what runs beside the bookings lives: the housekeeping, repairs, adding up."""
        housekeeping = self._housekeeping
        return (housekeeping is None or housekeeping.heartbeat.lives) and all(
            one.heartbeat.lives for one in self._rounds
        )

    def _bookable(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Which strategy can book which workload here, and which let bookers stand in line."""
        entries = self.registry.entries()
        pairs = [
            (entry.name, workload.name)
            for entry, workload in product(entries, self.workloads)
            if not self.engine.lacking(workload, entry.kind)
        ]
        return pairs, [e.name for e in entries if Capability.BATCH in e.kind.needs]

    def _observers(self) -> list[Observer]:
        # Thinking stands outside of measuring: the race window is nobody's step.
        observers: list[Observer] = [ThinkTime()]
        if self.tracer_provider:
            tracing.export(self.tracer_provider, self.settings.otlp_endpoint)
            observers.append(tracing.Tracing(self.tracer_provider.get_tracer("booking_lab")))
        observers.append(self.metrics)
        if self.history:
            observers.append(self.history)
        return observers

    def _recording(self) -> History | None:
        if not self.settings.history:
            return None
        history = History(self.settings.history, self.worker)
        try:
            with self.connector.session() as session:
                history.begin(session, self.workloads)
        except (BookingLabError, psycopg2.Error) as error:
            # PostgreSQL may be away for a moment as a worker is replaced.
            log.warning("the history does not know its database: %s", error)
            history.begin(None)
        return history
