"""A workload and a strategy of a reader's own: one file each, and no other is touched."""

import json
import re
import shutil
import sys
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from booking_lab.cli.main import main
from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.runtime.engine import BookingContext

OWN = Path(__file__).parent / "own"
STRATEGY = (OWN / "patient.py").read_text()
DESK = {"kind": "desks", "floor": 1, "desk": "a"}


@pytest.fixture
def folder(tmp_path):
    """A folder with the workload, and one with the strategy."""
    for name in ("workloads/desks.py", "strategies/patient.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(OWN / Path(name).name, tmp_path / name)
    shutil.copytree(OWN / "desks_migrations", tmp_path / "workloads" / "desks_migrations")
    return tmp_path


@pytest.fixture
def own(make_client, database_url, folder):
    """A client of a lab that looks into both."""
    folders = {
        "workload_folders": (str(folder / "workloads"),),
        "strategy_folders": (str(folder / "strategies"),),
    }
    schema.migrate(database_url, Settings(**folders))
    client = make_client(**folders)
    client.post("/admin/think-time", json={"think_time_ms": 0})
    return client


def book(client, desk="a", customer="c1", **more):
    body = DESK | {"desk": desk, "customer_id": customer, **more}
    return client.post("/api/bookings", json=body)


def test_it_is_booked_listed_moved_and_cancelled(own):
    made = book(own, strategy="patient")
    assert made.status_code == 201
    assert (made.json["kind"], made.json["scope"], made.json["subject"]) == ("desks", "1", "a")
    assert made.json["details"] == {"floor": 1, "desk": "a"}
    assert made.json["strategy"] == "patient"
    assert book(own).json["code"] == "seat_taken"
    [listed] = own.get("/api/bookings?kind=desks").json["bookings"]
    assert listed["id"] == made.json["id"]

    moved = own.patch(made.headers["Location"], json={"desk": "b"})
    assert (moved.status_code, moved.json["subject"]) == (200, "b")
    assert own.get(made.headers["Location"]).json["subject"] == "b"
    assert book(own).status_code == 201

    assert own.delete(made.headers["Location"]).json["status"] == "cancelled"
    assert own.delete(made.headers["Location"]).json["code"] == "not_held"
    assert own.get("/admin/audit").json == {
        "consistent": True, "count": 0, "total": 0, "next": None, "findings": [], "silent": [],
        "broken": [],
    }  # fmt: skip


def test_of_two_changes_that_rest_on_the_same_one_stands_though_it_compares_nothing(
    make_client, database_url, folder
):
    file = folder / "workloads" / "desks.py"
    careless = re.sub(r"\n    AND status = .* FOR UPDATE", "", file.read_text())
    file.write_text(careless.replace("state.held != request.given_back", "False"))
    folders = {"workload_folders": (str(folder / "workloads"),)}
    schema.migrate(database_url, Settings(**folders))
    client = make_client(**folders)
    client.post("/admin/think-time", json={"think_time_ms": 0})
    lab = client.application.extensions["lab"]
    desks, registry = lab.workloads.get("desks"), lab.registry
    entry = registry.get("none")

    for changes in ((None, None), ({"desk": "b"}, {"desk": "c"}), ({"desk": "b"}, None)):
        made = UUID(book(client).json["id"])
        with lab.connector.session() as session:
            requests = [desks.change(session, made, one) for one in changes]
        wish = BookingContext("0" * 32, (entry, entry.create({})))
        done = [lab.engine.book(desks, one, wish) for one in requests]
        assert [(str(one.outcome), one.code) for one in done] == [
            ("confirmed", ""), ("refused", "not_held")
        ]  # fmt: skip
        assert client.get("/admin/audit").json["findings"] == []
        client.post("/admin/reset?kind=desks&scope=1")


def test_of_two_who_got_one_desk_each_can_leave(own):
    race = {"kind": "desks", "request": {"floor": 1, "desk": "c"}, "customers": 2}
    for leaves in (0, 1):
        assert own.post("/admin/race", json=race | {"strategy": "none"}).json["confirmed"] == 2
        one, other = own.get("/api/bookings?kind=desks").json["bookings"]
        left = own.delete(f"/api/bookings/{(one, other)[leaves]['id']}")
        assert (left.status_code, own.get("/admin/audit").json["findings"]) == (200, [])
        assert book(own, "c").json["code"] == "seat_taken"
        own.post("/admin/reset?kind=desks&scope=1")


BAD = [
    ({"floor": "1"}, 422, "floor: Input should be a valid integer"),
    ({"desk": "A"}, 422, "desk: String should match pattern"),
    ({"desk": "printer"}, 422, "is not valid: nobody can sit at the printer."),
    ({"given_back": "b"}, 422, "given_back: Extra inputs are not permitted"),
    ({"id": "0" * 32}, 422, "id: Extra inputs are not permitted"),
    ({"desk": "z"}, 404, "There is no desk 'z' on floor 1."),
    ({"strategy": "atomic"}, 422, "Desks can't be booked under atomic: check and write"),
]


def test_its_own_objections_are_answers(own, subtests):
    for body, status, reason in BAD:
        with subtests.test(reason):
            answer = book(own, **body)
            assert answer.status_code == status
            assert reason in answer.json["detail"]
    assert own.get("/api/bookings").json["bookings"] == []


def test_it_is_raced_for_audited_and_reset(own):
    race = {"kind": "desks", "request": {"floor": 1, "desk": "c"}, "customers": 3}

    safe = own.post("/admin/race", json=race | {"strategy": "patient"}).json
    assert (safe["verdict"], safe["confirmed"], safe["findings"]) == ("safe", 1, [])
    taken = own.post("/admin/race", json=race)
    assert taken.status_code == 409
    assert "POST /admin/reset?kind=desks&scope=1 frees it" in taken.json["detail"]
    reset = own.post("/admin/reset?kind=desks&scope=1").json
    assert (reset["kind"], reset["scope"], reset["cleared"]) == ("desks", "1", 1)

    bad = own.post("/admin/race", json=race | {"strategy": "none"}).json
    assert (bad["verdict"], bad["anomaly"], bad["confirmed"]) == ("wrong", "double booking", 3)
    [finding] = own.get("/admin/audit?kind=desks").json["findings"]
    assert finding == {"kind": "desks", **bad["findings"][0]}
    [violation] = own.get("/admin/violations").json["violations"]
    assert (violation["kind"], violation["subject"]) == ("desks", "c")
    assert own.get("/admin/stats").json["totals"]["double_booked"] == 1
    assert 'double_bookings{workload="desks"} 1.0' in own.get("/metrics").text


def test_both_are_shown_with_what_they_can(own, folder):
    found = {one["name"]: one for one in own.get("/admin/workloads").json["workloads"]}
    desks = found["desks"]
    assert desks["summary"] == "Desks of an office floor: each has one user or none."
    assert desks["source"] == str(folder / "workloads" / "desks.py")
    assert desks["available"] == {"1": 3}
    assert desks["capabilities"] == []
    assert [(one["name"], one["required"]) for one in desks["fields"]] == [
        ("floor", True),
        ("desk", True),
    ]

    found = {one["name"]: one for one in own.get("/admin/strategies").json["strategies"]}
    assert found["patient"]["source"] == str(folder / "strategies" / "patient.py")
    assert found["patient"]["kinds"]["desks"] == {"bookable": True, "why": ""}
    assert found["atomic"]["kinds"]["desks"]["bookable"] is False
    assert "one statement" in found["atomic"]["kinds"]["desks"]["why"]
    assert found["atomic"]["kinds"]["seats"]["bookable"] is True
    schemas = own.get("/openapi.json").json["components"]["schemas"]
    assert "desks" in schemas["NewBooking"]["discriminator"]["mapping"]
    assert set(schemas["DesksBooking"]["required"]) == {"kind", "customer_id", "floor", "desk"}


# --- from an installed package -------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install both as a package does: modules and entry points on the path."""
    site = tmp_path / "site-packages"
    package = site / "office"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for file in OWN.glob("[!_]*.*"):
        shutil.copy(file, package)
    shutil.copytree(OWN / "desks_migrations", package / "desks_migrations")
    info = site / "office-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: office\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[booking_lab.workloads]\ndesks = office.desks\n"
        "[booking_lab.strategies]\npatient = office.patient\nlayered = office.patient\n"
        "gone = office.gone\nno_module = office.patient:Patient\n"
    )
    monkeypatch.syspath_prepend(site)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "office"]:
        del sys.modules[name]


@pytest.mark.usefixtures("installed")
def test_an_installed_package_brings_both(make_client, database_url):
    schema.migrate(database_url, Settings())
    client = make_client()

    answer = book(client, strategy="patient")

    assert answer.status_code == 201
    answer = client.get("/admin/strategies").json
    found = {one["name"]: one["source"] for one in answer["strategies"]}
    assert "office.patient" in found["patient"]
    assert found["layered"].endswith("strategies/layered.py")
    reasons = {one["file"].split("'")[1]: one["reason"] for one in answer["broken"]}
    assert reasons.keys() == {"layered", "gone", "no_module"}
    assert "the name layered is taken by" in reasons["layered"]
    assert "No module named 'office.gone'" in reasons["gone"]
    assert "is no module; name the module" in reasons["no_module"]


# --- what is broken is told at every door, and the lab runs on -----------------------------------

WORKLOAD = (OWN / "desks.py").read_text()
BROKEN_STRATEGIES = {
    "no_import": ("import nonexistent", "No module named 'nonexistent'"),
    "leaves": ("raise SystemExit(3)", "SystemExit: 3"),
    "none_in_it": ("", "it defines 0 strategies"),
    "two_in_it": (STRATEGY + STRATEGY.replace("Patient", "Other"), "it defines 2 strategies"),
    "pessimistic": (STRATEGY, "the name pessimistic is taken"),
    "Not-A-Name": (STRATEGY, "'Not-A-Name' is no name"),
}
BROKEN_WORKLOADS = {
    "no_import": ("import nonexistent", "No module named 'nonexistent'"),
    "none_in_it": ("", "it defines 0 workloads"),
    "two_in_it": (WORKLOAD + "\nclass Other(Desks): ...\n", "it defines 2 workloads"),
    "seats": (WORKLOAD, "the name seats is taken"),
    "Not-A-Name": (WORKLOAD, "'Not-A-Name' is no name"),
    "wants_more": (
        WORKLOAD.replace("    def scope", "    def __init__(self, x): ...\n\n    def scope", 1),
        "missing 1 required positional argument: 'x'",
    ),
}
#: These are whole until they are asked for what the API needs.
UNUSABLE_WORKLOADS = {
    "clash": (WORKLOAD.replace("desk: Annotated", "strategy: Annotated"), "field 'strategy'"),
    "no_schema": (WORKLOAD.replace("floor: Annotated[int,", "floor: Annotated[Desks,"), "schema"),
}


def broken(folder, files, client, path):
    for name, (text, _) in files.items():
        (folder / f"{name}.py").write_text(text)
    answer = client().get(path).json["broken"]
    return {Path(one["file"]).stem: one["reason"] for one in answer}


def logged(capfd):
    """The messages of the log since the last look."""
    lines = capfd.readouterr().err.splitlines()
    return [json.loads(line)["message"] for line in lines if line.startswith("{")]


def check(found, files):
    assert found.keys() == files.keys()
    for name, (_, reason) in files.items():
        assert reason in found[name]


def test_broken_strategies_are_told_in_the_api_the_log_and_the_command(
    make_client, tmp_path, monkeypatch, capfd
):
    def client():
        return make_client(strategy_folders=(str(tmp_path),))

    check(broken(tmp_path, BROKEN_STRATEGIES, client, "/admin/strategies"), BROKEN_STRATEGIES)
    messages = logged(capfd)
    monkeypatch.setenv("BOOKING_LAB_STRATEGIES", str(tmp_path))
    told = CliRunner().invoke(main, ["strategies"])

    assert told.exit_code == 0
    for name, (_, reason) in BROKEN_STRATEGIES.items():
        [message] = [one for one in messages if f"{name}.py holds no usable" in one]
        assert reason in message
        [line] = [one for one in told.output.splitlines() if f"{name}.py: " in one]
        assert reason in line
    seat = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}
    assert client().post("/book", json=seat | {"strategy": "pessimistic"}).status_code == 201


def test_broken_workloads_are_told_in_the_api_the_log_and_the_command(
    make_client, database_url, tmp_path, monkeypatch, capfd
):
    folders = (str(tmp_path),)

    def client():
        schema.migrate(database_url, Settings(workload_folders=folders))
        return make_client(workload_folders=folders)

    for name in UNUSABLE_WORKLOADS:
        scripts = tmp_path / f"{name}_migrations"
        scripts.mkdir()
        (scripts / "0001_nothing.sql").write_text("SELECT 1")
    files = BROKEN_WORKLOADS | UNUSABLE_WORKLOADS
    check(broken(tmp_path, files, client, "/admin/workloads"), files)
    messages = logged(capfd)
    monkeypatch.setenv("BOOKING_LAB_WORKLOADS", str(tmp_path))
    told = CliRunner().invoke(main, ["workloads"])

    assert told.exit_code == 0
    for name, (_, reason) in files.items():
        assert any(f"{name}.py holds no usable" in one and reason in one for one in messages)
    for name, (_, reason) in BROKEN_WORKLOADS.items():
        [line] = [one for one in told.output.splitlines() if f"{name}.py: " in one]
        assert reason in line
    seat = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": "c1"}
    assert client().post("/api/bookings", json=seat).status_code == 201


def test_a_workload_whose_tables_are_gone_hurts_itself_alone(own, database_url):
    client = own
    with Connector(database_url).session() as session:
        session.execute("DROP TABLE desks, desk_bookings")

    answer = client.get("/admin/workloads").json
    assert "desks" not in [one["name"] for one in answer["workloads"]]
    [broken] = answer["broken"]
    assert 'relation "desks" does not exist' in broken["reason"]
    assert book(client).json["code"] == "strategy_fault"
    for path in ("/admin/audit", "/admin/violations", "/admin/stats"):
        found = client.get(path)
        assert found.status_code == 200
        [broken] = found.json["broken"]
        assert broken["kind"] == "desks"
        assert "The workload desks failed" in broken["reason"]
        assert client.get(f"{path}?kind=desks").json["code"] == "plugin_fault"
        assert client.get(f"{path}?kind=seats").json["broken"] == []
    assert client.get("/admin/audit").json["consistent"] is False
    assert client.get("/admin/stats").json["complete"] is False
    assert client.get("/admin/audit?kind=seats").json["consistent"]
    assert 'available_seats{event="1"} 100.0' in client.get("/metrics").text
    seat = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}
    assert client.post("/book", json=seat).status_code == 201
    listed = client.get("/api/bookings").json
    assert [one["kind"] for one in listed["broken"]] == ["desks"]
    [booked] = listed["bookings"]
    assert client.delete(f"/api/bookings/{booked['id']}").status_code == 200


_ALTERS = """
        session.execute("SET statement_timeout = 0")
        session.execute("SET search_path = nowhere, public")
        session.execute("CREATE TEMPORARY TABLE IF NOT EXISTS seats (number integer)")
        session.execute("SELECT pg_advisory_lock(77)")
"""
_LOOKS = """
SELECT current_setting('statement_timeout'), current_setting('search_path'),
    to_regclass('pg_temp.seats')::text,
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory')
"""


def test_what_its_statements_make_of_a_session_ends_with_them(make_client, database_url, folder):
    """Else the seats' bookings, or whoever reads, would meet it."""
    file = folder / "workloads" / "desks.py"
    text = file.read_text()
    for name in ("read", "available", "changing"):
        begin = re.search(rf"    def {name}\(.*?\).*?:\n", text, re.DOTALL)
        text = text[: begin.end()] + _ALTERS + text[begin.end() :]
    file.write_text(text)
    folders = {"workload_folders": (str(folder / "workloads"),)}
    schema.migrate(database_url, Settings(**folders))
    client = make_client(**folders, booking_pool=1, read_pool=1)
    lab = client.application.extensions["lab"]

    def looks():
        found = []
        for pool in (lab.bookings, lab.reads):
            with pool.session(lambda session: session.execute(_LOOKS)) as (_, rows):
                found.append(rows)
        return found

    before = looks()
    for number, strategy in enumerate(["pessimistic", "optimistic", "distributed"]):
        made = book(client, "abc"[number], strategy=strategy)
        assert made.status_code == 201
        assert client.delete(made.headers["Location"]).status_code == 200
        assert client.get("/admin/workloads").status_code == 200
        assert looks() == before
        seat = {"event_id": 1, "seat_number": f"B{number + 1}", "customer_id": "c"}
        assert client.post("/book", json=seat | {"strategy": strategy}).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("desk AS subject", "relation"),
        ("SELECT attempt_id AS id", "division by zero"),
        ("status,", "can't be matched"),
    ],
)
def test_a_kind_that_cannot_be_listed_hides_nothing_of_the_others(
    make_client, database_url, folder, wrong, reason
):
    """Its own query fails, as it is parsed or run, or doesn't fit to the others."""
    broken = {
        "relation": "nothing.nowhere AS subject",
        "division by zero": "SELECT CASE WHEN 1 / (floor - floor) > 0 THEN attempt_id END AS id",
        "can't be matched": "1 AS status,",
    }[reason]
    folders = {"workload_folders": (str(folder / "workloads"),)}
    file = folder / "workloads" / "desks.py"
    file.write_text(file.read_text().replace(wrong, broken, 1))
    schema.migrate(database_url, Settings(**folders))
    client = make_client(**folders)
    seat = client.post("/api/bookings", json=SEAT)
    assert book(client).status_code == 201

    answer = client.get("/api/bookings")
    assert answer.status_code == 200
    assert [one["id"] for one in answer.json["bookings"]] == [seat.json["id"]]
    assert (answer.json["total"], answer.json["next"]) == (1, None)
    [told] = answer.json["broken"]
    assert told["kind"] == "desks"
    assert "desks" in told["reason"]
    assert client.get("/api/bookings?kind=seats").json["broken"] == []
    own = client.get("/api/bookings?kind=desks")
    assert (own.status_code, own.json["code"]) == (500, "plugin_fault")
    assert "desks" in own.json["detail"]
    assert client.get(seat.headers["Location"]).json["id"] == seat.json["id"]


SEAT = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": "c1"}
