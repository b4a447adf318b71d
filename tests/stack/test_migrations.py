"""The version of a database: each script runs once; what doesn't fit is refused at the start."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from booking_lab.db import schema, scripts
from booking_lab.db.connector import Connector
from booking_lab.db.session import PostgresSession
from booking_lab.errors import ConfigurationError
from booking_lab.stack.assembly import prepare_schema
from booking_lab.stack.errors import StackError
from booking_lab.workloads import Workloads
from tests.ports import free_ports
from tests.stack.conftest import COMMAND, CommandLine
from tests.stack.test_refusals import refused

#: What every relation of the lab's is called.
_RELATIONS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
_RAN = "SELECT part, number, ran_at FROM lab_migrations ORDER BY 1, 2"
_NEWER = """
INSERT INTO lab_migrations (part, number, name, digest, ran_by, objects)
VALUES ('{part}', 9999, '9999_what_is_to_come.sql', '', '9.9.9', '{{}}')
"""


@pytest.fixture
def session(database_url: str) -> Iterator[PostgresSession]:
    with Connector(database_url).session() as made:
        yield made


def prepare(url: str) -> None:
    schema.migrate(url, Settings(database_url=url))


def all_scripts() -> list[tuple[str, int]]:
    parts = [scripts.of_lab(), *map(scripts.of_workload, Workloads())]
    return sorted((part.name, one.number) for part in parts for one in part.scripts)


def serve(url: str, redis_url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve"],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "BOOKING_LAB_PORT": str(free_ports()),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_script_is_written_down_once(session: PostgresSession, database_url: str) -> None:
    ran = session.execute(_RAN)
    assert [(part, number) for part, number, _ in ran] == all_scripts()
    prepare(database_url)
    assert session.execute(_RAN) == ran


def test_starts_at_the_same_moment_migrate_once(empty_database_url: str) -> None:
    with ExitStack() as gate, Connector(empty_database_url).session() as session:
        session.execute(f"SELECT pg_advisory_lock({schema._ADVISORY_LOCK})")
        gate.callback(session.execute, "SELECT pg_advisory_unlock_all()")
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND "
            "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with ThreadPoolExecutor(3) as starts:
            done = [starts.submit(prepare, empty_database_url) for _ in range(3)]
            eventually(lambda: session.execute(waiting) == [(3,)])
            gate.close()
            for one in done:
                one.result(timeout=60)
        ran = session.execute(_RAN)
        assert [(part, number) for part, number, _ in ran] == all_scripts()
        assert len({when for _, _, when in ran}) == 1  # one transaction


def test_a_start_does_not_wait_for_another_one_for_good(
    database_url: str, session: PostgresSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_LOCK_SECONDS", 0.2)
    session.execute(f"SELECT pg_advisory_lock({schema._ADVISORY_LOCK})")
    with pytest.raises(StackError, match="another lab is migrating them"):
        prepare_schema(Settings(database_url=database_url))


def test_a_newer_database_is_refused(
    lab: CommandLine, session: PostgresSession, database_url: str, redis_url: str
) -> None:
    session.execute(_NEWER.format(part="the lab"))
    before = session.execute(_RELATIONS)
    for result in (lab.up(DATABASE_URL=database_url), serve(database_url, redis_url)):
        line = refused(result, 2)
        assert "The database is newer than this lab" in line
        assert "version 9.9.9 ran script 9999_what_is_to_come.sql of the lab on it" in line
        assert "Start a lab that has it. Nothing was changed." in line
    assert session.execute(_RELATIONS) == before


def test_it_is_said_to_be_newer_and_not_to_lack_what_a_newer_one_lacks(
    session: PostgresSession, database_url: str
) -> None:
    session.execute("DROP INDEX attempts_order")
    session.execute(_NEWER.format(part="workload slots"))
    with pytest.raises(ConfigurationError, match=r"is newer .* of workload slots"):
        prepare(database_url)


def test_a_script_that_changed_after_it_ran_is_refused(
    session: PostgresSession, database_url: str
) -> None:
    session.execute(
        "UPDATE lab_migrations SET digest = '' WHERE part = 'workload seats' AND number = 2"
    )
    with pytest.raises(ConfigurationError, match=r"Script 0002_.* of workload seats has changed"):
        prepare(database_url)


def test_a_script_that_fails_leaves_nothing_of_any(
    empty_database_url: str, lab: CommandLine
) -> None:
    with Connector(empty_database_url).session() as session:
        session.execute("CREATE TABLE tallies (mine text)")  # the lab's 0004 wants to make it
        before = session.execute(_RELATIONS)
        line = refused(lab.up(DATABASE_URL=empty_database_url), 2)
        assert "Script 0004_tallies.sql of the lab can't run on the database" in line
        assert 'relation "tallies" already exists' in line
        assert session.execute(_RELATIONS) == before

        session.execute("DROP TABLE tallies; CREATE TABLE mine (mine text)")
        prepare(empty_database_url)  # other tables are in nobody's way
        session.execute("DROP TABLE mine")
        prepare(empty_database_url)


@pytest.mark.parametrize(
    "other",
    ["DROP TABLE lab_migrations", "DROP TABLE lab_migrations, lab; CREATE TABLE lab (mine text)"],
    ids=["of no version", "of another program"],
)
def test_tables_of_the_labs_names_without_a_version_are_refused(
    session: PostgresSession, database_url: str, other: str
) -> None:
    session.execute(other)
    before = session.execute(_RELATIONS)
    with pytest.raises(ConfigurationError, match="has tables of booking-lab, but no version"):
        prepare(database_url)
    assert session.execute(_RELATIONS) == before


# --- what is lacking ------------------------------------------------------------------------------


def test_a_lacking_column_is_named_at_the_start(
    session: PostgresSession, database_url: str, lab: CommandLine, redis_url: str
) -> None:
    session.execute("ALTER TABLE seats DROP COLUMN fence")
    for result in (lab.up(DATABASE_URL=database_url), serve(database_url, redis_url)):
        line = refused(result, 2)
        assert "The database lacks what the scripts of workload seats made" in line
        assert "column seats.fence bigint" in line
        assert "Nothing was changed" in line


def test_every_column_of_every_table_is_looked_for(
    session: PostgresSession, database_url: str, subtests: pytest.Subtests
) -> None:
    columns = session.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name <> 'lab_migrations' "
        "AND ordinal_position = 1 ORDER BY 1"
    )
    assert len(columns) > 20
    for table, column in columns:
        with subtests.test(table):
            session.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO away")
            with pytest.raises(ConfigurationError, match=rf"lacks .* column {table}\.{column} "):
                prepare(database_url)
            session.execute(f"ALTER TABLE {table} RENAME COLUMN away TO {column}")
    prepare(database_url)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE attempts ALTER COLUMN tries TYPE bigint", "column attempts.tries integer"),
        ("DROP TABLE violations_seen", "column violations_seen.first text"),
        ("ALTER TABLE seats DROP CONSTRAINT seats_guarded", "constraint seats_guarded of seats"),
        ("DROP INDEX attempts_rest_on", "index attempts_rest_on"),
        ("DROP FUNCTION tally_bucket", "function tally_bucket(milliseconds double precision)"),
        ("DROP SEQUENCE flushes", "sequence flushes"),
    ],
)
def test_and_whatever_else_the_scripts_made(
    session: PostgresSession, database_url: str, change: str, named: str
) -> None:
    session.execute(change)
    with pytest.raises(ConfigurationError) as refusal:
        prepare(database_url)
    assert named in str(refusal.value)


def test_what_the_reader_adds_is_in_nobodys_way(
    session: PostgresSession, database_url: str
) -> None:
    session.execute("ALTER TABLE seats ADD COLUMN mine text; CREATE INDEX mine ON seats (mine)")
    prepare(database_url)
    session.execute("ALTER TABLE seats DROP COLUMN mine")
    prepare(database_url)
