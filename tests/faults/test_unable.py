"""What a server can't do just now is no fault of the strategy, and is said in its own words."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from booking_lab.conformance.waiting import eventually
from booking_lab.locks import redis_lock
from booking_lab.stack import preflight
from booking_lab.stack.errors import StackError
from tests.web.test_booking import book

STRATEGIES = [
    "none", "pessimistic", "optimistic", "serializable", "atomic", "constraint", "queue",
    "distributed", "reserve",
]  # fmt: skip

_STUMBLE = """
CREATE OR REPLACE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = %s; END $$;
DROP TRIGGER IF EXISTS stumble ON bookings;
CREATE TRIGGER stumble BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION stumble()
"""


@pytest.fixture
def sql(database_url):
    """Runs a statement beside the lab."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True

    def execute(statement, parameters=None):
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    yield execute
    connection.close()


def pids(client):
    lab = client.application.extensions["lab"]
    with lab.bookings.session(lambda session: session.process_id) as (_, pid):
        return pid


CANNOT = [
    "08006", "25006", "53000", "53100", "53200", "53300", "53400", "57P01", "57P02", "57P03",
    "57P04", "58000", "58030", "F0000", "XX000", "XX001", "XX002",
]  # fmt: skip


@pytest.mark.parametrize("code", CANNOT)
def test_what_the_server_can_not_do_is_said_in_its_words(client, sql, code):
    before = pids(client)
    sql(_STUMBLE, (code,))
    for strategy in ("pessimistic", "atomic", "queue"):
        answer = book(client, strategy=strategy)
        assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
        assert "can't do this now (no room)" in answer.json["detail"]
    sql("DROP TRIGGER stumble ON bookings")
    # The next one may lead to a server that can.
    assert pids(client) != before
    assert book(client).status_code == 201


@pytest.mark.parametrize("code", ["57014", "55P03", "25P03"])
def test_a_wait_that_the_server_ended_is_a_timeout(client, sql, code):
    sql(_STUMBLE, (code,))
    answer = book(client, strategy="pessimistic")
    assert (answer.status_code, answer.json["outcome"]) == (503, "timeout")


def test_a_bug_is_still_a_bug(client, sql):
    sql(_STUMBLE, ("22012",))
    answer = book(client, strategy="pessimistic")
    assert (answer.status_code, answer.json["code"]) == (500, "strategy_fault")


WRITES = [
    ("POST", "/book", {"event_id": 1, "seat_number": "A1", "customer_id": "c"}),
    ("POST", "/book/unsafe", {"event_id": 1, "user_email": "a@example.com", "quantity": 1}),
    ("POST", "/book/safe", {"event_id": 1, "user_email": "a@example.com", "quantity": 1}),
    ("PATCH", "/api/bookings/{id}", {"seats": ["C1"]}),
    ("DELETE", "/api/bookings/{id}", None),
    ("POST", "/admin/reset?event_id=1", None),
    ("POST", "/admin/strategy", {"strategy": "none"}),
    ("POST", "/admin/think-time", {"think_time_ms": 0}),
    ("POST", "/admin/race", {"event_id": 1, "seat_number": "A2", "customers": 2}),
]


def test_a_server_that_only_reads_is_not_ready_and_reads_go_on(client, database_url, admin_session):
    seat = {"kind": "seats", "event_id": 1, "seats": ["B1"], "customer_id": "c"}
    made = client.post("/api/bookings", json=seat).json["id"]
    name = urlsplit(database_url).path.strip("/")
    admin_session(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    lab = client.application.extensions["lab"]
    for pool in (lab.bookings, lab.reads, lab.probe):
        pool.close()  # what is opened from now on finds it so

    for method, path, body in WRITES:
        answer = client.open(path.format(id=made), method=method, json=body)
        assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable"), path
        assert "read-only transaction" in answer.json["detail"]
    ready = client.get("/ready")
    assert (ready.status_code, ready.json["database"]) == (503, False)
    assert "read-only transaction" in ready.json["problems"][0]
    assert client.get("/events/1").json["seats"]["booked"] == 1

    admin_session(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    eventually(lambda: client.get("/ready").status_code == 200)
    assert book(client).status_code == 201


@pytest.mark.parametrize("loss", ["crash", "terminated"])
def test_an_idle_lab_loses_no_request_to_connections_that_died(client, servers, sql, loss):
    """Each pool has several, and all of them are dead."""
    with ThreadPoolExecutor(8) as crowd:
        seats = [f"B{number}" for number in range(1, 9)]
        assert all(a.status_code == 201 for a in crowd.map(lambda seat: book(client, seat), seats))
        list(crowd.map(lambda _: client.get("/events/1"), seats))
    assert client.get("/ready").status_code == 200
    if loss == "crash":  # PostgreSQL ends all sessions when one of them dies so
        victim = psycopg2.connect(servers.database_url)
        os.kill(victim.get_backend_pid(), signal.SIGKILL)
        eventually(lambda: not _works(sql), "PostgreSQL's crash")
    else:
        sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()"
        )
    eventually(lambda: _answers(servers), "PostgreSQL after its crash")

    for number, strategy in enumerate(STRATEGIES, 1):
        answer = book(client, f"C{number}", strategy=strategy)
        assert answer.status_code == 201, answer.text
    for path in ("/events/1", "/api/bookings", "/admin/stats", "/admin/audit", "/ready"):
        for _ in range(6):
            assert client.get(path).status_code == 200, path
    race = {"event_id": 1, "seat_number": "D1", "customers": 3, "strategy": "atomic"}
    assert client.post("/admin/race", json=race).json["verdict"] == "safe"


def _works(sql):
    try:
        sql("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def _answers(servers):
    try:
        psycopg2.connect(servers.database_url).close()
    except psycopg2.OperationalError:
        return False
    return True


# --- Redis ---------------------------------------------------------------------------------------


@contextmanager
def set_to(redis_url, *words):
    """Have Redis refuse what strategies send; back as it was at the end."""
    with redis.Redis.from_url(redis_url) as client:
        client.execute_command(*words)
        try:
            yield client
        finally:
            client.replicaof("NO", "ONE")
            client.config_set("maxmemory", 0)
            client.config_set("min-replicas-to-write", 0)
            client.config_set("requirepass", "")


UNABLE = {
    "full": (("CONFIG", "SET", "maxmemory", "1"), "maxmemory"),
    "a replica": (("REPLICAOF", "127.0.0.1", "1"), "read only"),
    "alone": (("CONFIG", "SET", "min-replicas-to-write", "1"), "Not enough good replicas"),
}


@pytest.mark.parametrize("how", UNABLE)
def test_a_redis_that_answers_and_can_not_is_told_so(client, redis_url, how):
    words, said = UNABLE[how]
    with set_to(redis_url, *words):
        for strategy in ("distributed", "fenced", "reserve"):
            answer = book(client, strategy=strategy)
            assert (answer.status_code, answer.json["code"]) == (503, "redis_unavailable")
            assert said in answer.json["detail"]
            assert "does not answer" not in answer.json["detail"]
        ready = client.get("/ready")
        assert (ready.status_code, ready.json["redis"]) == (200, False)
        assert said in ready.json["problems"][0]
        assert "\nredis_up 0.0" in client.get("/metrics").text
        with pytest.raises(StackError, match="can't do what the lab needs") as refused:
            preflight.check_redis(redis_url)
        assert said in str(refused.value)
    assert client.get("/ready").json["redis"] is True
    assert book(client, strategy="distributed").status_code == 201


def test_every_error_of_the_client_that_is_an_answer_is_told_as_one():
    """Those that a server of one's own can hardly be brought to give."""
    parser = redis._parsers.base.BaseParser
    for line in (
        "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script",
        "MISCONF Redis is configured to save RDB snapshots",
        "CLUSTERDOWN The cluster is down",
        "MASTERDOWN Link with MASTER is down",
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair",
        "NOPERM this user has no permissions",
        "ERR max number of clients reached",
    ):
        told = redis_lock.unavailable(parser.parse_error(line))
        assert told.answered, line
        assert "does not answer" not in told.message, line
    assert "does not answer" in redis_lock.unavailable(redis.TimeoutError()).message
    assert not redis_lock.unavailable(redis.ConnectionError()).answered
