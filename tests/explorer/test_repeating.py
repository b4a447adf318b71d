"""Statements that come again are planned once, and see what is there now."""

import pytest
from psycopg2.errors import DivisionByZero

PREPARED = "SELECT count(*) FROM pg_prepared_statements"
SHARE = "SELECT 1 / count(*) FROM things -- and no more"
COUNT = "SELECT count(*) FROM things WHERE name LIKE '%%g%%' AND name <> %(not)s"


@pytest.fixture
def session(exploration_servers):
    with exploration_servers.connector.session() as session:
        session.execute("CREATE TEMP TABLE things (name text UNIQUE)")
        yield session


def test_a_statement_is_prepared_the_second_time_it_comes(session):
    prepared = []
    for _ in range(3):
        assert session.execute(COUNT, {"not": "x'"}) == [(0,)]
        prepared.append(session.execute(PREPARED)[0][0])

    assert prepared == [0, 2, 2]  # one of them is the question


def test_another_value_is_another_statement(session):
    session.execute("INSERT INTO things VALUES ('egg'), ('fig')")

    found = [session.execute(COUNT, {"not": name}) for name in ("egg", "pear", "egg", "pear") * 2]

    assert found == [[(1,)], [(2,)]] * 4


def test_it_sees_what_has_been_written_since(session):
    for number in range(4):
        assert session.execute(COUNT, {"not": ""}) == [(number,)]
        session.execute("INSERT INTO things VALUES (%(name)s)", {"name": f"egg {number}"})


def test_an_error_stays_the_same_error_each_time(session):
    for full in (True, True, True, False, False, True):
        session.execute(f"DELETE FROM things WHERE {not full}")
        if full:
            session.execute("INSERT INTO things VALUES ('egg') ON CONFLICT DO NOTHING")
            assert session.execute(SHARE) == [(1,)]
        else:
            with pytest.raises(DivisionByZero, match="division by zero"):
                session.execute(SHARE)


def test_what_has_no_plan_is_sent_as_it_is(session):
    for _ in range(3):
        session.execute("CREATE TEMP TABLE IF NOT EXISTS more ()")
        session.execute("SELECT 1; DELETE FROM things")

    assert session.execute(PREPARED) == [(0,)]


def test_a_transaction_that_is_undone_takes_no_plan_with_it(session):
    for number in range(4):
        session.begin()
        session.execute("INSERT INTO things VALUES ('egg')")
        assert session.execute(COUNT, {"not": ""}) == [(1,)], number
        session.rollback()
