"""A session is what the lab makes it, whatever the server, a pooler or the environment have set."""

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core import attempt
from booking_lab.core.statement import Statement
from booking_lab.db import ledger
from booking_lab.db.connector import Connector
from booking_lab.explorer.recording.connector import ExplorationConnector
from booking_lab.runtime import selection
from booking_lab.stack import accounts, preflight
from booking_lab.stack.errors import StackError
from booking_lab.stack.processes.process import start
from booking_lab.workloads.seats import statements as seats
from booking_lab.workloads.slots import statements as slots
from booking_lab.workloads.slots import write_statements
from booking_lab.workloads.tickets import statements as tickets
from tests.web.test_booking import book

#: What a database may set for who connects to it, and what it is for the lab all the same.
HOSTILE = {
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "German",
    "IntervalStyle": "iso_8601",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "transform_null_equals": "on",
    "array_nulls": "off",
    "search_path": "nowhere",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "lock_timeout": "1500",
    "statement_timeout": "1500",
    "idle_in_transaction_session_timeout": "1500",
    "idle_session_timeout": "1500",
    "transaction_timeout": "1500",
    "client_connection_check_interval": "0",
}
CUSTOMER = "Łukasz 日本 Ünï"
SLOT = {
    "kind": "slots", "tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
    "starts_at": "2031-07-01T09:00:00Z", "ends_at": "2031-07-01T10:00:00Z",
}  # fmt: skip
#: Each is wrong for an embedded server, and each was heeded by libpq.
SHELL = {
    "PGHOST": "nowhere.invalid", "PGHOSTADDR": "192.0.2.1", "PGPORT": "6543", "PGUSER": "nobody",
    "PGDATABASE": "nothing", "PGSERVICE": "nowhere", "PGSSLMODE": "require",
    "PGCHANNELBINDING": "require", "PGREQUIREAUTH": "scram-sha-256", "PGGSSENCMODE": "require",
    "PGTARGETSESSIONATTRS": "read-only", "PGCLIENTENCODING": "LATIN1", "PGTZ": "Asia/Kolkata",
    "PGDATESTYLE": "German", "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGDATA": "/nowhere", "PGCONNECT_TIMEOUT": "x", "PGGEQO": "x",
}  # fmt: skip


def settings(session):
    return dict(session.execute("SELECT lower(name), setting FROM pg_settings"))


@pytest.fixture
def hostile(database_url):
    """The database, with defaults that change what statements mean."""
    name = urlsplit(database_url).path.strip("/")
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for setting, value in HOSTILE.items():
            cursor.execute(f"ALTER DATABASE {name} SET {setting} = %s", (value,))
    connection.close()
    return database_url


@pytest.mark.parametrize("kind", [Connector, ExplorationConnector])
def test_no_default_of_the_database_reaches_a_session(hostile, kind, servers):
    connector = kind(hostile)
    with connector.session() as session:
        there = settings(session)
    with Connector(servers.database_url).session() as session:
        usual = settings(session)
    for name in HOSTILE:
        if name.endswith("timeout") and kind is ExplorationConnector:
            assert there[name.lower()] != HOSTILE[name]  # it has bounds of its own
        else:
            assert there[name.lower()] == usual[name.lower()], name
    if kind is ExplorationConnector:  # one that served somebody before is as good as new
        with connector.session() as again:
            assert settings(again) == there


def test_a_lab_on_such_a_database_is_like_any_other(make_client, hostile):
    client = make_client(database_url=hostile)
    made = client.post("/api/bookings", json={**SLOT, "customer_id": CUSTOMER})
    assert made.status_code == 201, made.text
    assert book(client, customer=CUSTOMER).status_code == 201
    eventually(lambda: client.get("/admin/stats").json["totals"]["confirmed"] == 2)
    for path in ("/api/bookings", f"/api/bookings/{made.json['id']}", "/events", "/events/1"):
        moments = list(_moments(client.get(path).json))
        assert moments, path
        assert all(one.endswith(("+00:00", "Z")) for one in moments), (path, moments)
    [listed, _] = client.get("/api/bookings").json["bookings"]
    assert listed["customer_id"] == CUSTOMER
    assert client.get("/admin/audit").json["consistent"]


def _moments(found):
    if isinstance(found, dict):
        for value in found.values():
            yield from _moments(value)
    elif isinstance(found, list):
        for value in found:
            yield from _moments(value)
    elif isinstance(found, str) and found[4:5] == "-" and found[10:11] in {"T", " "}:
        yield found


def test_the_shells_variables_reach_neither_servers_nor_clients():
    """All at once, in a program that starts servers, makes tables and runs bookers on them."""
    command = Path(sys.executable).with_name("booking-lab")
    done = subprocess.run(
        [command, "explore", "--strategy", "atomic", "--workload", "seats"],
        env={**os.environ, **SHELL}, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not any(name in done.stderr for name in SHELL)


def test_a_password_may_stand_outside_of_the_url(monkeypatch):
    from booking_lab.config import forget_clients_environment

    for name in (*SHELL, "PGPASSWORD", "PGPASSFILE"):
        monkeypatch.setenv(name, "x")
    forget_clients_environment()
    assert {name for name in os.environ if name.startswith("PG")} == {"PGPASSWORD", "PGPASSFILE"}


def test_a_database_that_has_no_room_for_names_is_refused(servers, admin_session):
    admin_session(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc "
        "LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    with pytest.raises(StackError, match=r"encoding LATIN1.*create one with ENCODING 'UTF8'"):
        preflight.check_database(servers.database_url.replace("/booking_lab?", "/latin?"))
    admin_session("DROP DATABASE latin")


def test_a_server_that_only_reads_is_refused(database_url, admin_session):
    name = urlsplit(database_url).path.strip("/")
    admin_session(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(StackError, match=r"is read-only .*name the primary server"):
        preflight.check_database(database_url)


# --- prepared statements -------------------------------------------------------------------------

ONE = Statement("SELECT booked FROM seats WHERE event_id = %(event)s AND seat_number = %(seat)s")
SEAT = {"event": 1, "seat": "A1"}


def prepared(session):
    return [name for (name,) in session.execute("SELECT name FROM pg_prepared_statements")]


def test_a_statement_is_planned_once_for_each_connection(database_url):
    with Connector(database_url).session() as session:
        for _ in range(3):
            assert session.execute(ONE, SEAT) == [(0,)]
        assert session.execute(
            "SELECT name, generic_plans, custom_plans FROM pg_prepared_statements"
        ) == [(ONE.name, 3, 0)]


def test_what_is_prepared_outlives_a_transaction_that_fails(database_url):
    """Whether the statement behind it fails, or COMMIT, or the strategy has enough of it."""
    with Connector(database_url).session() as session:
        for number, how in enumerate(("1 / 0", "1", "1 / 0")):
            one = Statement(f"SELECT {how} + %(number)s::integer, {number}")
            session.begin()
            with contextlib.suppress(psycopg2.DataError):
                session.execute(one, {"number": 1})
            session.rollback()
            assert one.name in prepared(session)
            session.begin()
            with contextlib.suppress(psycopg2.DataError):
                session.execute(one, {"number": 2})
            session.rollback()
            assert session.usable


def test_a_connection_that_could_not_prepare_serves_nobody_else(database_url):
    """Nobody knows what of a message's statements was prepared, if one of them is wrong."""
    with Connector(database_url).session() as session:
        session.prepend(ONE, SEAT)
        with pytest.raises(psycopg2.errors.UndefinedColumn):
            session.execute(Statement("SELECT nonsense FROM seats"))
        assert not session.usable


def test_where_indexes_must_be_taken_the_plan_is_another_one(database_url):
    """A scan, as is best for a small table, would have all bookings in each other's way."""
    scan = Statement("SELECT count(booked) FROM seats WHERE event_id = %(event)s")
    with Connector(database_url).session() as session:
        session.execute("VACUUM ANALYZE seats")
        plans = []
        for isolation in (None, "SERIALIZABLE"):
            session.begin(isolation)
            session.execute(scan, {"event": 1})
            [own] = [one for one in prepared(session) if one not in plans and scan.name in one]
            plans.append(own)
            session.commit()
        shown = [session.execute(f"EXPLAIN EXECUTE {name} (1)") for name in plans]
        assert ["Index" in str(one) for one in shown] == [False, True]


def test_all_statements_can_be_prepared(database_url):
    """Each in the words in which it is sent, with no value to guess a type by."""
    found = {one.name: one for module in STATEMENTS for one in _statements(module)}
    assert len(found) > 40
    with Connector(database_url).session() as session:
        for one in found.values():
            session.execute(one.prepare(one.name))


def _statements(module):
    for thing in vars(module).values():
        if isinstance(thing, Statement):
            yield thing
    for name, choices in CHOICES.get(module, {}).items():
        for chosen in itertools.product(*choices.values()):
            yield getattr(module, name)(**dict(zip(choices, chosen, strict=True)))


_ANY = [False, True]
#: The functions that make statements, and what each argument may be.
CHOICES = {
    seats: {
        "write": {"moves": _ANY, "if_allowed": _ANY, "guarded": _ANY},
        "write_one": {"if_allowed": _ANY, "guarded": _ANY},
    },
    tickets: {
        "book": {"guarded": _ANY},
        "locked_write": {"moves": _ANY, "if_allowed": _ANY, "guarded": _ANY},
    },
    slots: {"read": {"takes": [True], "stock": _ANY, "holds": _ANY}},
    write_statements: {
        "write": {
            "action": ["book", "move", "cancel"], "stock": _ANY, "if_allowed": _ANY,
            "guarded": _ANY,
        },
        "write_lean": {"if_allowed": _ANY},
    },
}  # fmt: skip
STATEMENTS = [*CHOICES, selection, ledger, attempt]


# --- behind PgBouncer ----------------------------------------------------------------------------


@contextlib.contextmanager
def pgbouncer(database_url, mode):
    """Run PgBouncer before the database; yields the address through it."""
    program = shutil.which("pgbouncer")
    if not program:
        pytest.skip("pgbouncer is not installed; `make tools` installs it")
    url = urlsplit(database_url)
    with tempfile.TemporaryDirectory(prefix="bl-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "users").write_text('"booking_lab" ""\n')
        upstream = parse_qs(url.query)["host"][0]
        (folder / "ini").write_text(
            f"[databases]\n* = host={upstream} port=5432\n[pgbouncer]\nlisten_port = 5432\n"
            f"unix_socket_dir = {folder}\nauth_type = trust\nauth_file = {folder}/users\n"
            f"pool_mode = {mode}\nmax_client_conn = 200\ndefault_pool_size = 60\n"
        )
        # It doesn't run as root, and the socket's folder lets only PostgreSQL's own user in.
        user = accounts.for_postgres(Path("/nowhere"))
        with (folder / "log").open("wb") as log:
            process = start([program, folder / "ini"], user=user, output=log)
        try:
            eventually(lambda: _listens(folder / ".s.PGSQL.5432"), "PgBouncer")
            yield url._replace(query=f"host={folder}").geturl()
        finally:
            process.terminate()
            process.wait(10)


def _listens(path):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


def test_a_pooler_that_gives_sessions_is_served_through(make_client, hostile):
    with pgbouncer(hostile, "session") as url:
        preflight.check_database(url)
        with Connector(url).session() as session:
            there = settings(session)
        assert (there["timezone"], there["default_transaction_isolation"]) == (
            "UTC",
            "read committed",
        )
        client = make_client(database_url=url)
        for seat, strategy in (("A1", "pessimistic"), ("A2", "queue"), ("A3", "serializable")):
            answer = book(client, seat, CUSTOMER, strategy=strategy)
            assert answer.status_code == 201, answer.text
        race = {"event_id": 1, "seat_number": "B1", "customers": 4, "strategy": "atomic"}
        assert client.post("/admin/race", json=race).json["verdict"] == "safe"
        switched = client.post("/admin/strategy", json={"strategy": "advisory"})
        assert switched.json["drained"] is True
        assert client.get("/ready").status_code == 200
        with client.application.extensions["lab"].bookings.session(prepared) as (_, names):
            assert names == []  # the session that has prepared may be the next client's
        client.application.extensions["lab"].stop()


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused(database_url, mode):
    with (
        pgbouncer(database_url, mode) as url,
        pytest.raises(StackError, match="pool_mode = session"),
    ):
        preflight.check_database(url)
