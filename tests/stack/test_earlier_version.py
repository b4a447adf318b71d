"""A database that version 0.1.0 has made and filled is one of this version's once it is opened."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.stack import RunningLab
from booking_lab.stack.servers import postgres
from tests.web.conftest import MakeClient, make_client

__all__ = ["make_client"]

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
    for _ in range(2):  # as when it is opened again
        schema.prepare(url, Settings(database_url=url))
    yield url
    admin_session(f"DROP DATABASE {_NAME} WITH (FORCE)")


def catalog(url: str) -> set[object]:
    with Connector(url).session() as session:
        return {tuple(row) for row in session.execute(_CATALOG)}


def test_its_tables_are_those_of_a_new_database(old: str, database_url: str) -> None:
    assert catalog(old) == catalog(database_url)


def test_its_bookings_stand_and_can_be_cancelled(old: str, make_client: MakeClient) -> None:
    client = make_client(database_url=old, think_time_ms=0)

    def found() -> Counter[str]:
        return Counter(one["anomaly"] for one in client.get("/admin/audit").json["findings"])

    assert found() == {"double booking": 3, "lost update": 4, "oversell": 1, "overlap": 1}
    listed = client.get("/api/bookings?limit=100").json["bookings"]
    assert Counter((one["kind"], one["status"]) for one in listed) == {
        ("seats", "confirmed"): 7, ("seats", "cancelled"): 1,
        ("tickets", "confirmed"): 6, ("tickets", "cancelled"): 1,
        ("slots", "confirmed"): 4, ("slots", "cancelled"): 1,
    }  # fmt: skip
    paid = [one["details"] for one in listed if one["kind"] == "tickets" and one["scope"] == "2"]
    assert ("199.99", "599.97") in [(one["unit_price"], one["total_amount"]) for one in paid]

    for booking in listed:
        if booking["status"] == "confirmed":
            answer = client.delete(f"/api/bookings/{booking['id']}?strategy=pessimistic")
            assert answer.status_code == 200, answer.text
    assert found() == {}
    left = {w["name"]: w["available"] for w in client.get("/admin/workloads").json["workloads"]}
    assert left["seats"] == {"1": 100}
    assert left["tickets"] == {"1": 10, "2": 10, "3": 10}
    again = {"kind": "seats", "event_id": 1, "seats": ["A1", "E1"], "customer_id": "c"}
    for strategy, status in (("constraint", 201), ("none", 409)):
        answer = client.post("/api/bookings", json={**again, "strategy": strategy})
        assert answer.status_code == status, answer.text
    assert client.get("/admin/stats").json["totals"]["double_booked"] == 0
