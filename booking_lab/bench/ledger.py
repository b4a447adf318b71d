"""Measures answers of a lab with a long ledger: ``python -m booking_lab.bench.ledger``.

A lab of its own is filled with bookings by SQL, as after many days of a busy lab: most of them are
refused, and the confirmed ones have tickets and times. Then the answers are timed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from booking_lab.crowd.client import Customer
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.stack import running

#: The number of events with tickets, and the number of confirmed bookings in each million.
_EVENTS = 100
_CONFIRMED = 40_000

_TICKET_EVENTS = """
INSERT INTO ticket_events (
    id, name, description, event_date, total_tickets, on_sale, available_tickets, ticket_price)
SELECT 1000 + number, 'Event ' || number, '', now(), 1000000, 1000000, 1000000, 10
FROM generate_series(1, %(events)s) AS number;
INSERT INTO resets (workload, scope)
SELECT 'tickets', (1000 + number)::text FROM generate_series(1, %(events)s) AS number
"""

_COLUMNS = """
id, workload, scope, subject, action, customer_id, strategy, options, epoch, generation,
outcome, answered, code, tries, waited_ms, held_ms, total_ms, worker, trace_id, started_at
"""

#: One refused booking every 20 ms, the last one five minutes ago.
_REFUSED = f"""
INSERT INTO attempts ({_COLUMNS})
SELECT gen_random_uuid(), kind, scope, subject, 'book', 'customer_' || number %% 1000,
       (ARRAY['pessimistic', 'optimistic', 'atomic', 'distributed'])[1 + number %% 4], '{{}}', 1, 1,
       outcome, outcome, outcome, 1 + number %% 3, waited, 0, waited + 2 + number %% 7,
       'filled/1', md5(number::text), now() - interval '300 s' - number * interval '20 ms'
FROM (
    SELECT number,
           (ARRAY['seats', 'seats', 'tickets', 'slots'])[1 + number %% 4] AS kind,
           (ARRAY['1', '1', (1001 + number %% %(events)s)::text, '1'])[1 + number %% 4] AS scope,
           (ARRAY['A' || 1 + number %% 9, 'B1', 'tickets', 'resource 1'])[1 + number %% 4]
               AS subject,
           (ARRAY['refused', 'refused', 'refused', 'conflict', 'timeout'])[1 + number %% 5]
               AS outcome,
           random() * 50 AS waited
    FROM generate_series(%(first)s, %(last)s) AS number
) AS refused
"""

_CONFIRM = f"""
CREATE TEMP TABLE confirmed ON COMMIT DROP AS
SELECT number, gen_random_uuid() AS id, number %% 2 = 0 AS ticket,
       1001 + number / 2 %% %(events)s AS event_id,
       now() - interval '300 s' - number * interval '500 ms' AS started_at
FROM generate_series(%(first)s, %(last)s) AS number;
INSERT INTO attempts ({_COLUMNS})
SELECT id, CASE WHEN ticket THEN 'tickets' ELSE 'slots' END,
       CASE WHEN ticket THEN event_id::text ELSE '2' END,
       CASE WHEN ticket THEN 'tickets' ELSE 'resource 1' END, 'book', 'customer_' || number %% 1000,
       'atomic', '{{}}', 1, 1, 'confirmed', 'confirmed', '', 1, 0.5, 1, 3, 'filled/1',
       md5(number::text), started_at
FROM confirmed;
INSERT INTO ticket_bookings (attempt_id, event_id, user_email, quantity, total_amount, created_at)
SELECT id, event_id, 'customer_' || number %% 1000, 1, 10, started_at FROM confirmed WHERE ticket;
UPDATE ticket_events SET available_tickets = available_tickets - sold, version = version + 1
FROM (SELECT event_id, count(*) AS sold FROM confirmed WHERE ticket GROUP BY event_id) AS sold
WHERE id = event_id;
INSERT INTO slot_reservations (
    attempt_id, tenant_id, resource_id, branch_id, service_id, during, customer_id, price,
    created_at)
SELECT id, 2, 1, 1, 1, tstzrange(moment, moment + interval '1 minute'), 'customer_' || number, 80,
       started_at
FROM (
    SELECT *, timestamptz '2100-01-01 00:00Z' + number * interval '1 minute' AS moment
    FROM confirmed WHERE NOT ticket
) AS confirmed
"""

_PATHS = (
    "/admin/stats",
    "/admin/stats?kind=seats&scope=1",
    "/api/bookings",
    "/api/bookings?kind=slots&scope=2&limit=100",
    "/api/bookings?customer_id=customer_7",
    "/api/bookings?customer_id=nobody",
    "/api/bookings?status=cancelled",
    "/admin/audit?kind=seats&scope=1",
    "/admin/audit?kind=tickets&scope=1001",
    "/admin/audit?kind=slots&scope=2",
    "/admin/violations",
    "/metrics",
)


def fill(session: PostgresSession, rows: int, at_once: int = 250_000) -> Iterator[int]:
    """Fill an empty lab with about ``rows`` bookings; yield their number after each part."""
    session.execute(_TICKET_EVENTS, {"events": _EVENTS})
    for first in range(1, rows + 1, at_once):
        last = min(first + at_once - 1, rows)
        session.begin(None)
        session.execute(_REFUSED, {"first": first, "last": last, "events": _EVENTS})
        few = _CONFIRMED * (last - first + 1) // 1_000_000
        begin = _CONFIRMED * (first - 1) // 1_000_000
        numbers = {"first": begin + 1, "last": begin + few, "events": _EVENTS}
        session.execute(_CONFIRM, numbers)
        session.commit(None)
        yield last
    session.execute("VACUUM ANALYZE")


def timed(url: str) -> Iterator[tuple[str, float, int]]:
    """Yield the path of each answer, its median time of three in seconds, and its size in bytes."""
    with Customer(url) as admin:
        for path in _PATHS:
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                admin.read(path)
                times.append(time.perf_counter() - begin)
            yield path, sorted(times)[1], len(admin.read(path)[1])


def main() -> None:
    """Fill a lab, and print the times of its answers: at once, and after the rows are added up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    rows = parser.parse_args().rows
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL's user has to be able to enter subfolders
        with (
            running(data=Path(folder) / "data", workers=2) as lab,
            Connector(lab.database_url, statement_timeout=600).session() as session,
        ):
            begin = time.perf_counter()
            for done in fill(session, rows):
                print(f"{done:,} rows after {time.perf_counter() - begin:.0f} s", flush=True)
            _print(lab.url)
            begin = time.perf_counter()
            while not _complete(lab.url):
                time.sleep(1)
            print(f"added up after {time.perf_counter() - begin:.0f} s")
            _print(lab.url)


def _complete(url: str) -> bool:
    with Customer(url) as admin:
        return bool(admin.get("/admin/stats")["complete"])


def _print(url: str) -> None:
    for path, seconds, size in timed(url):
        print(f"{path:45} {seconds:7.3f} s  {size / 1000:7.1f} kB", flush=True)


if __name__ == "__main__":
    main()
