"""Gauges of a worker: its pools, and the number of live workers."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import Gauge

from booking_lab.db.pool import Pool

# "livesum": the sum over live workers.
_IN_USE = Gauge(
    "db_pool_connections_in_use",
    "Connections that are checked out.",
    ("pool",),
    multiprocess_mode="livesum",
)
_SIZE = Gauge("db_pool_size", "Connections at most.", ("pool",), multiprocess_mode="livesum")
_WAITING = Gauge(
    "db_pool_waiting", "Threads that wait for a connection.", ("pool",), multiprocess_mode="livesum"
)
_WORKERS = Gauge("booking_workers", "Live workers.", multiprocess_mode="livesum")


def set_gauges(pools: Sequence[Pool]) -> None:
    """Set the gauges to the present values."""
    _WORKERS.set(1)
    for pool in pools:
        _IN_USE.labels(pool.name).set(pool.in_use)
        _SIZE.labels(pool.name).set(pool.size)
        _WAITING.labels(pool.name).set(pool.waiting)
