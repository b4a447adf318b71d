"""What a worker does beside booking goes on, whatever a part of it comes to."""

import logging
import os
import resource
import shutil
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from booking_lab.db import schema
from booking_lab.db.ledger import Ledger
from booking_lab.observers import gauges
from booking_lab.runtime import housekeeping
from booking_lab.runtime.background import Heartbeat
from booking_lab.runtime.engine import BookingContext
from booking_lab.workloads.seats import SeatRequest
from tests.web.test_booking import book

OWN = Path(__file__).parent.parent / "web" / "own"


def lab_of(client):
    return client.application.extensions["lab"]


def written(client):
    """How many bookings the ledger knows of, confirmed or not."""
    return client.get("/admin/stats").json["totals"]["total"]


def check_goes_on(client, seat="J10"):
    """Rows come into the ledger, switches are seen through, and the lab says that it is ready."""
    before = written(client)
    assert book(client, seat).status_code == 201
    assert book(client, seat).status_code == 409
    eventually(lambda: written(client) >= before + 2)
    assert client.post("/admin/think-time", json={"think_time_ms": 0}).json["drained"] is True
    ready = client.get("/ready")
    assert (ready.status_code, ready.json["housekeeping"]) == (200, True)


def errors(caplog):
    return [one.message for one in caplog.records if one.levelno >= logging.ERROR]


# --- rows -----------------------------------------------------------------------------------------


def test_a_row_that_has_no_form_in_json_is_lost_alone(client, caplog):
    lab = lab_of(client)
    assert book(client, "A1").status_code == 201
    ledger = Ledger()
    for customer in ("before", "spoilt", "after"):
        request = SeatRequest(event_id=1, seats=("A1",), customer_id=customer)
        done = replace(
            lab.engine.book(lab.workloads.get("seats"), request, BookingContext("0" * 32))
        )
        done.request = replace(done.request, id=uuid4(), customer_id=f"{customer} again")
        if customer == "spoilt":
            done.code = object()
        ledger.record(done)

    with lab.connector.session() as session:
        ledger.flush(session)
        rows = session.execute("SELECT customer_id FROM attempts WHERE customer_id ~ 'again'")

    assert sorted(rows) == [("after again",), ("before again",)]
    assert [one for one in errors(caplog) if "a row of the ledger is lost" in one]


# --- a workload that can't say what a booking is about -------------------------------------------

BROKEN = {
    "raises": "raise KeyError('a bug')",
    "leaves": "raise SystemError",
    "no text": "return ['a', object()]",
    "none": "return None",
    "no text of PostgreSQL": "return 'a' + chr(0)",
    "half a character": "return chr(0xD800)",
}


@pytest.fixture
def make_desks(make_client, database_url, tmp_path):
    """Make a lab with a workload of one's own, some of whose text is replaced."""

    def make(*changes, more=""):
        text = (OWN / "desks.py").read_text() + more
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "desks.py").write_text(text)
        scripts = tmp_path / "desks_migrations"
        if not scripts.exists():
            shutil.copytree(OWN / scripts.name, scripts)
        folders = {"workload_folders": (str(tmp_path),)}
        schema.migrate(database_url, Settings(**folders))
        client = make_client(**folders)
        client.post("/admin/think-time", json={"think_time_ms": 0})
        return client

    return make


def book_desk(client, **more):
    body = {"kind": "desks", "floor": 1, "desk": "a", "customer_id": "c1", **more}
    return client.post("/api/bookings", json=body)


@pytest.mark.parametrize("answer", ["scope", "subject"])
@pytest.mark.parametrize("fault", BROKEN)
def test_what_a_workload_can_not_name_is_not_booked_and_hurts_nobody(make_desks, answer, fault):
    original = {
        "scope": "return str(request.floor)",
        "subject": "return request.desk or request.given_back",
    }
    client = make_desks((original[answer], BROKEN[fault]))

    for strategy in ("none", "queue", "distributed"):
        failed = book_desk(client, strategy=strategy)
        assert (failed.status_code, failed.json["code"]) in {
            (500, "plugin_fault"), (422, "unsuitable"),
        }  # fmt: skip
    assert "The workload desks failed" in book_desk(client).json["detail"]
    assert client.get("/api/bookings?kind=desks").json["bookings"] == []
    check_goes_on(client)


def test_what_is_committed_is_answered_though_it_can_not_be_shown(make_desks, capfd):
    client = make_desks(
        ("from pydantic import Field", "from pydantic import Field, PlainSerializer"),
        ('Field(pattern="^[a-z]{1,8}$")]',
         'Field(pattern="^[a-z]{1,8}$"), PlainSerializer(lambda one: one.no_such_thing)]'),
    )  # fmt: skip

    made = book_desk(client)

    assert (made.status_code, made.json["subject"], made.json["details"]) == (201, "a", {})
    assert "kind desks can't show its bookings" in capfd.readouterr().err
    assert client.get("/admin/audit").json["consistent"]
    check_goes_on(client)


@pytest.mark.parametrize("method", ["available", "violations_in", "violations", "findings"])
def test_what_a_workload_can_not_say_hides_nothing_of_the_others(make_desks, method, subtests):
    faults = {
        "raises": "raise KeyError('a bug')",
        "leaves": "raise SystemExit(3)",
        "refuses": "raise NotFound",
        "another kind": "return [object()]",
        "none": "return None",
        "no text": "return {1: 'many', 'a': object()}",
    }
    more = "".join(f"    if FAULT == {name!r}: {fault}\n" for name, fault in faults.items())
    client = make_desks(
        more=f"\n\nFAULT = ''\n\n\ndef fails(*_):\n{more}\n\nDesks.{method} = fails\n"
    )
    module = sys.modules[type(lab_of(client).workloads.get("desks")).__module__]
    for fault in faults:
        with subtests.test(fault):
            module.FAULT = fault
            for path in ("/admin/audit", "/admin/violations", "/admin/stats", "/admin/workloads"):
                assert client.get(path).status_code == 200, path
                assert client.get(f"{path}?kind=seats").status_code in {200, 422}, path
            assert 'available_seats{event="1"}' in client.get("/metrics").text
            assert client.post("/admin/reset?kind=desks&scope=1").status_code == 200
            assert client.post("/admin/reset?kind=seats&scope=1").status_code == 200
            check_goes_on(client)


# --- the thread -----------------------------------------------------------------------------------


@pytest.fixture
def many_descriptors():
    """Use up those below 1,024, which is as far as select() can see."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with ExitStack() as opened:

        def use_up():
            while (descriptor := os.dup(0)) < 1024:
                opened.callback(os.close, descriptor)
            os.close(descriptor)

        yield use_up
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_goes_on_with_a_descriptor_beyond_a_thousand(
    client, database_url, many_descriptors, caplog
):
    caplog.set_level(logging.WARNING, "booking_lab.runtime.housekeeping")
    check_goes_on(client, "A1")
    many_descriptors()
    with psycopg2.connect(database_url) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(process_id, 5000) FROM workers "
            "WHERE process_id <> pg_backend_pid()"
        )
        assert cursor.rowcount == 1
    other.close()

    check_goes_on(client, "A2")

    # Once, for the connection that was ended: the new one is waited for in peace.
    anew = [one.message for one in caplog.records if "starts again" in one.message]
    assert len(anew) == 1


def test_gauges_that_can_not_be_shown_delay_nothing(client, monkeypatch, caplog):
    met = threading.Event()

    def fails(_pools):
        met.set()
        raise SystemExit("a bug")

    monkeypatch.setattr(gauges, "set_gauges", fails)
    assert met.wait(20)

    check_goes_on(client)

    said = [one for one in errors(caplog) if "showing gauges failed" in one]
    assert len(said) == 1  # once, not four times a second


@pytest.mark.parametrize("error", [RuntimeError("a bug"), SystemExit(3)])
def test_a_bug_of_its_own_does_not_end_it(client, monkeypatch, error):
    flush, left = Ledger.flush, [3]

    def fails(ledger, session):
        if left[0]:
            left[0] -= 1
            raise error
        flush(ledger, session)

    monkeypatch.setattr(Ledger, "flush", fails)
    eventually(lambda: not left[0])

    check_goes_on(client)


def test_a_lab_whose_housekeeping_has_ended_is_not_ready(client, monkeypatch):
    lab = lab_of(client)
    monkeypatch.setattr(lab._housekeeping, "heartbeat", Heartbeat(threading.Thread()))

    ready = client.get("/ready")

    assert (ready.status_code, ready.json["housekeeping"]) == (503, False)
    assert (ready.json["status"], ready.json["database"]) == ("not ready", True)


def test_a_lab_whose_repairs_hang_is_not_ready(client, monkeypatch):
    assert client.get("/ready").status_code == 200

    monkeypatch.setattr("booking_lab.runtime.background._HANGS_AFTER", 0)

    assert client.get("/ready").json["housekeeping"] is False


def test_a_stop_takes_nothing_from_a_thread_that_still_runs(make_client, monkeypatch):
    client = make_client()
    its = lab_of(client)._housekeeping
    let_go, there = threading.Event(), threading.Event()

    def hangs(_pools):
        there.set()
        assert let_go.wait(20)

    monkeypatch.setattr(gauges, "set_gauges", hangs)
    monkeypatch.setattr(housekeeping, "_STOP_TIMEOUT", 0.05)
    assert there.wait(20)

    its.stop()

    assert its._thread.is_alive()
    os.fstat(its._stop_read)  # or the number may be another file's by the time that it waits
    let_go.set()
    its._thread.join(20)
    assert not its._thread.is_alive()
