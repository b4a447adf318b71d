"""The lab in one process: settings, strategies, workloads, pools, servers and background work."""

from __future__ import annotations

import logging
import os
import threading
from itertools import product

import psycopg2

from booking_lab.config import Settings
from booking_lab.core.capability import Capability, SupportsCounts
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
from booking_lab.observers.history import HistoryRecorder
from booking_lab.observers.metrics import Metrics
from booking_lab.observers.think import ThinkTime
from booking_lab.plugins import is_shipped
from booking_lab.runtime import counter_repair, selection
from booking_lab.runtime.background import BackgroundTask, PeriodicThread
from booking_lab.runtime.counter_repair import Reconciler
from booking_lab.runtime.engine import Engine
from booking_lab.runtime.housekeeping import Housekeeping
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

#: Switches, resets and races of a worker that may wait at a time. Eight threads are reserved for
#: requests other than bookings, so two of them are always free for reads.
MAX_BLOCKING_REQUESTS = 6

log = logging.getLogger(__name__)


class Lab:
    """The lab in one process.

    It is created before the workers fork. ``start`` opens everything that processes must not share.
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
        #: Held by requests other than bookings while they wait for bookings or for locks.
        self.blocking_slots = threading.BoundedSemaphore(MAX_BLOCKING_REQUESTS)
        self._identity = Identity(self.connector)
        self._housekeeping: Housekeeping | None = None
        self._periodic: list[PeriodicThread] = []

    def start(self) -> None:
        """Open pools and clients, and start the background threads; call it in the worker."""
        settings = self.settings
        self.worker = f"{settings.instance_name}/{os.getpid()}"
        self.bookings = Pool(
            "booking", self.connector, settings.booking_pool, settings.pool_timeout
        )
        # Reads have connections of their own, because bookings that wait for locks hold theirs.
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
        self.history = self._history_recorder()
        self.engine = Engine(
            self.bookings,
            self.servers,
            self.registry,
            self.ledger,
            self._observers(),
            self.worker,
        )
        metrics.begin_at_zero(*self._bookable_pairs())
        countable = {one.name: one for one in self.workloads if isinstance(one, SupportsCounts)}
        self._housekeeping = Housekeeping(
            self.connector,
            self.ledger,
            self.engine.in_flight,
            self.worker,
            connected=self._identity.learn,
            tasks=[
                BackgroundTask(
                    "showing gauges", lambda: gauges.set_gauges((self.bookings, self.reads))
                ),
                BackgroundTask("publishing metrics", self.metrics.publish),
            ],
        )
        self._housekeeping.start()
        if self.redis:
            # In a thread of its own: a Redis that doesn't answer must not delay a switch.
            self.reconciler = Reconciler(self.redis, countable, self.reads, self._identity)
            self._periodic.append(
                PeriodicThread(
                    BackgroundTask("repairing counters", self.reconciler.round),
                    counter_repair.EVERY,
                )
            )
        # In a thread of its own, too: a batch takes longer than the ledger's rows may wait.
        keeping = Upkeep(self.reads, selection.read, settings.ledger_days)
        self._periodic.append(
            PeriodicThread(BackgroundTask("keeping the ledger", keeping.round), upkeep.EVERY)
        )
        for one in self._periodic:
            one.start()

    def stop(self) -> None:
        """Stop the background threads, write the ledger's last rows, and close everything."""
        for one in self._periodic:
            one.stop()
        self._periodic = []
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
    def is_alive(self) -> bool:
        """Whether all background threads are alive."""
        housekeeping = self._housekeeping
        return (housekeeping is None or housekeeping.heartbeat.is_alive) and all(
            one.heartbeat.is_alive for one in self._periodic
        )

    def _bookable_pairs(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Return the pairs of strategy and workload that fit, and the strategies with batches."""
        entries = self.registry.entries()
        pairs = [
            (entry.name, workload.name)
            for entry, workload in product(entries, self.workloads)
            if not self.engine.why_unsuitable(workload, entry.strategy_class)
        ]
        return pairs, [e.name for e in entries if Capability.BATCH in e.strategy_class.needs]

    def _observers(self) -> list[Observer]:
        # ThinkTime is outside of the others: the race window is no part of a step.
        observers: list[Observer] = [ThinkTime()]
        if self.tracer_provider:
            tracing.export(self.tracer_provider, self.settings.otlp_endpoint)
            observers.append(tracing.Tracing(self.tracer_provider.get_tracer("booking_lab")))
        observers.append(self.metrics)
        if self.history:
            observers.append(self.history)
        return observers

    def _history_recorder(self) -> HistoryRecorder | None:
        if not self.settings.history:
            return None
        history = HistoryRecorder(self.settings.history, self.worker)
        try:
            with self.connector.session() as session:
                history.begin(session, self.workloads)
        except (BookingLabError, psycopg2.Error) as error:
            # PostgreSQL may be away for a moment while a worker is replaced.
            log.warning("the history starts without the facts of its database: %s", error)
            history.begin(None)
        return history
