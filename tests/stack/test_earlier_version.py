"""A database that version 0.1.0 made and filled, opened by this version."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.errors import ConfigurationError
from booking_lab.stack import RunningLab
from booking_lab.stack.servers import postgres
from tests.stack.conftest import CommandLine

_NAME = "of_version_0_1_0"
#: What tables, their parts and functions are, whatever the order in which they were made.
_CATALOG = """
SELECT 'column', attrelid::regclass::text, attname,
       concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attgenerated, attidentity),
       pg_get_expr(adbin, adrelid)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND attnum > 0
  AND NOT attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '' FROM pg_indexes
WHERE schemaname = 'public'
UNION ALL SELECT 'function', proname, '', pg_get_functiondef(oid), ''
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'statistics', stxname, '', pg_get_statisticsobjdef(oid), '' FROM pg_statistic_ext
UNION ALL SELECT 'options', relname, '', reloptions::text, ''
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL
"""


@pytest.fixture
def old(servers: RunningLab, admin_session: Callable[[str], None]) -> Iterator[str]:
    admin_session(f"CREATE DATABASE {_NAME} TEMPLATE template0")
    url = postgres.url(servers.run_folder, _NAME)
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(Path(__file__).with_name("version_0_1_0.sql").read_text())
    connection.close()
    yield url
    admin_session(f"DROP DATABASE {_NAME} WITH (FORCE)")


def catalog(url: str) -> set[object]:
    with Connector(url).session() as session:
        return {tuple(row) for row in session.execute(_CATALOG)}


def test_its_tables_are_those_of_a_new_database(old: str, database_url: str) -> None:
    for _ in range(2):  # as when it is opened again
        schema.migrate(old, Settings(database_url=old))
    assert catalog(old) == catalog(database_url)
    with Connector(old).session() as session:
        versions = session.execute(
            "SELECT count(*) FILTER (WHERE number = 1 AND cardinality(objects) > 30), "
            "count(DISTINCT part) FROM lab_migrations"
        )
        # A guard that has met others can't be kept, and the others are.
        seats = session.execute("SELECT seat_number, booked FROM seats WHERE guarded ORDER BY 1")
        slots = session.execute("SELECT customer_id FROM slot_reservations WHERE guarded")
    assert versions == [(4, 4)]
    assert seats == [("E1", 1), ("E2", 1)]
    assert slots == [("alone",)]


def test_a_table_of_it_that_was_changed_is_named(old: str) -> None:
    connection = psycopg2.connect(old)
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE public.attempts DROP COLUMN tries")
    connection.close()
    before = catalog(old)
    with pytest.raises(ConfigurationError, match=r"they lack column attempts\.tries integer"):
        schema.migrate(old, Settings(database_url=old))
    assert catalog(old) == before


def test_its_bookings_stand_and_can_be_changed(
    old: str, lab: CommandLine, redis_url: str, redlock_urls: tuple[str, ...]
) -> None:
    own = {"DATABASE_URL": old, "REDIS_URL": redis_url}
    up = lab.up(**own, BOOKING_LAB_REDLOCK_URLS=" ".join(redlock_urls))
    assert up.returncode == 0, up.stderr

    def get(path: str) -> Any:
        answer = requests.get(lab.url + path, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found() -> Counter[str]:
        return Counter(one["anomaly"] for one in get("/admin/audit")["findings"])

    assert found() == {"double booking": 4, "lost update": 5, "oversell": 1, "overlap": 2}
    totals = get("/admin/stats")["totals"]
    assert (totals["confirmed"], totals["failed"], totals["double_booked"]) == (32, 4, 7)
    selected = get("/admin/strategy")
    assert (selected["strategy"], selected["options"]["attempts"]) == ("optimistic", 7)
    assert (selected["think_time_ms"], selected["epoch"]) == (5, 6)
    listed = get("/api/bookings?limit=100")["bookings"]
    assert Counter((one["kind"], one["status"]) for one in listed) == {
        ("seats", "confirmed"): 11, ("seats", "cancelled"): 1,
        ("tickets", "confirmed"): 6, ("tickets", "cancelled"): 1,
        ("slots", "confirmed"): 6, ("slots", "cancelled"): 1,
    }  # fmt: skip
    paid = [one["details"] for one in listed if one["kind"] == "tickets" and one["scope"] == "2"]
    assert ("199.99", "599.97") in [(one["unit_price"], one["total_amount"]) for one in paid]

    moved = {one["kind"]: one["id"] for one in listed if one["customer_id"] == "moves"}
    for kind, changes in {
        "seats": {"seats": ["D4"]},
        "tickets": {"quantity": 2},
        "slots": {"starts_at": "2031-01-07T17:00:00Z", "ends_at": "2031-01-07T18:00:00Z"},
    }.items():
        answer = requests.patch(
            f"{lab.url}/api/bookings/{moved[kind]}", json={**changes, "strategy": "constraint"},
            timeout=30,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    for booking in listed:
        if booking["status"] == "confirmed":
            answer = requests.delete(
                f"{lab.url}/api/bookings/{booking['id']}?strategy=pessimistic", timeout=30
            )
            assert answer.status_code == 200, answer.text
    assert found() == {}
    left = {one["name"]: one["available"] for one in get("/admin/workloads")["workloads"]}
    assert left["seats"] == {"1": 100}
    assert left["tickets"] == {"1": 10, "2": 10, "3": 10}

    again = {"kind": "seats", "event_id": 1, "seats": ["A1", "E1"], "customer_id": "c"}
    for strategy, status in (("constraint", 201), ("none", 409)):
        answer = requests.post(
            f"{lab.url}/api/bookings", json={**again, "strategy": strategy}, timeout=30
        )
        assert answer.status_code == status, answer.text
    totals = get("/admin/stats")["totals"]
    # Three moves, 23 cancellations, one booking and one refusal are new.
    assert (totals["confirmed"], totals["failed"], totals["double_booked"]) == (59, 5, 0)
