"""The numbered scripts of a workload of a reader's own."""

import re
import shutil

import pytest

from booking_lab.config import Settings
from booking_lab.db import schema
from booking_lab.db.connector import Connector
from booking_lab.errors import ConfigurationError
from tests.web.test_own_workload import OWN, book

_FIRST = "0001_desks.sql"
_RAN = "SELECT name, ran_at FROM lab_migrations WHERE part = 'workload desks' ORDER BY number"


@pytest.fixture
def folder(tmp_path):
    shutil.copy(OWN / "desks.py", tmp_path)
    shutil.copytree(OWN / "desks_migrations", tmp_path / "desks_migrations")
    return tmp_path


@pytest.fixture
def scripts(folder):
    return folder / "desks_migrations"


@pytest.fixture
def session(database_url):
    with Connector(database_url).session() as made:
        yield made


@pytest.fixture
def start(make_client, database_url, folder):
    """Start a lab with the folder, as `up` does."""

    def started():
        folders = {"workload_folders": (str(folder),)}
        schema.migrate(database_url, Settings(**folders))
        client = make_client(**folders)
        client.post("/admin/think-time", json={"think_time_ms": 0})
        return client

    return started


@pytest.fixture
def logged(caplog, capfd):
    """Tell what is in the log, whoever has configured it."""
    return lambda: caplog.text + capfd.readouterr().err


def reason(client):
    """Why the workload isn't there; the lab runs on."""
    seat = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": "c1"}
    made = client.post("/api/bookings", json=seat)
    assert made.status_code == 201
    assert client.delete(made.headers["Location"]).status_code == 200
    answer = client.get("/admin/workloads").json
    assert "desks" not in [one["name"] for one in answer["workloads"]]
    assert book(client).json["code"] == "unknown_kind"
    [broken] = answer["broken"]
    return broken["reason"]


def test_each_runs_once_and_a_later_one_when_it_is_there(start, scripts, session):
    assert book(start()).status_code == 201
    ran = session.execute(_RAN)
    assert [name for name, _ in ran] == [_FIRST]
    assert book(start(), "b").status_code == 201

    later = scripts / "0002_a_better_desk.sql"
    later.write_text("ALTER TABLE desks ADD COLUMN height integer NOT NULL DEFAULT 72;\n-- 100 %")
    assert book(start(), "c").status_code == 201

    assert session.execute(_RAN)[:1] == ran
    assert [name for name, _ in session.execute(_RAN)] == [_FIRST, later.name]
    assert session.execute("SELECT DISTINCT height FROM desks") == [(72,)]
    assert session.execute("SELECT count(*) FROM desk_bookings") == [(3,)]


def test_one_that_changed_after_it_ran_is_told(start, scripts, session, logged):
    start()
    text = (scripts / _FIRST).read_text()
    (scripts / _FIRST).write_text(text.replace("a,b,c", "a,b,c,d"))
    told = f"Script {_FIRST} of workload desks has changed since"
    assert told in reason(start())
    assert told in logged()
    assert session.execute("SELECT count(*) FROM desks") == [(3,)]
    (scripts / _FIRST).write_text(text)
    assert book(start()).status_code == 201


def test_one_that_ran_and_is_gone_is_told(start, scripts):
    later = scripts / "0002_a_better_desk.sql"
    later.write_text("ALTER TABLE desks ADD COLUMN height integer")
    start()
    later.unlink()
    assert "ran script 0002_a_better_desk.sql of workload desks" in reason(start())


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("SELECT 1 / 0", "division by zero"),
        ("INSERT INTO resets TABLE resets", "duplicate key value"),
        ("SELEC 1", "syntax error"),
    ],
)
def test_one_that_fails_leaves_nothing_and_can_be_mended(
    start, scripts, session, logged, fault, said
):
    start()
    later = scripts / "0002_a_better_desk.sql"
    later.write_text(f"CREATE TABLE half (); {fault}; CREATE TABLE whole ()")
    assert "Its script 0002_a_better_desk.sql has not run on the database" in reason(start())
    assert f"{later.name} of workload desks can't run on the database: {said}" in logged()
    assert session.execute("SELECT to_regclass('half')") == [(None,)]
    later.write_text("CREATE TABLE whole ()")
    assert book(start()).status_code == 201


def test_a_column_that_is_lacking_is_told(start, session):
    start()
    session.execute("ALTER TABLE desks DROP COLUMN fence")
    assert "lacks what the scripts of workload desks made: column desks.fence" in reason(start())


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "COMMIT; BEGIN"])
def test_one_that_ends_the_transaction_is_refused(start, scripts, end):
    (scripts / "0002_careless.sql").write_text(f"CREATE TABLE other (); {end}; SELECT 1")
    with pytest.raises(ConfigurationError, match=r"Script 0002_careless\.sql of workload desks"):
        start()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("0003_a_gap.sql", "0003_a_gap.sql has to be called 0002_what_it_does.sql"),
        ("0001_twice.sql", "0001_twice.sql has to be called 0002_what_it_does.sql"),
        ("2_short.sql", "2_short.sql has to be called 0002_what_it_does.sql"),
        ("0002-dash.sql", "0002-dash.sql has to be called 0002_what_it_does.sql"),
    ],
)
def test_names_and_numbers_that_leave_the_order_open_are_told(start, scripts, name, told):
    (scripts / name).write_text("")
    assert told in reason(start())


def test_a_folder_without_scripts_is_told(start, scripts):
    (scripts / _FIRST).unlink()
    assert re.search("desks_migrations holds no script; the first is 0001_", reason(start()))


def test_one_script_that_runs_at_every_start_as_in_version_0_1_0_goes_on(
    start, scripts, folder, session
):
    text = (scripts / _FIRST).read_text().replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")
    shutil.rmtree(scripts)
    (folder / "desks.sql").write_text(text)
    told = "workload desks has one script.*: move it to .*desks_migrations as 0001_"
    with pytest.warns(DeprecationWarning, match=told):
        client = start()
    assert book(client).status_code == 201
    (folder / "desks.sql").write_text(text.replace("a,b,c", "a,b,c,d"))
    with pytest.warns(DeprecationWarning, match=told):
        assert book(start(), "d").status_code == 201

    # And the way to numbered ones.
    scripts.mkdir()
    (folder / "desks.sql").rename(scripts / _FIRST)
    assert book(start()).json["code"] == "seat_taken"
    assert [name for name, _ in session.execute(_RAN)] == [_FIRST]


def test_neither_a_folder_nor_a_script_is_told(start, scripts, logged):
    shutil.rmtree(scripts)
    assert "desks_migrations with its scripts" in reason(start())
    assert "workload desks has no tables: There is no folder" in logged()
