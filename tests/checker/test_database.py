"""What was recorded against what the database says, after something went wrong in either."""

from __future__ import annotations

from uuid import uuid4

import psycopg2
import pytest

from booking_lab.checker import database
from booking_lab.checker.history_reader import HistoryReader
from booking_lab.conformance.waiting import eventually
from booking_lab.db.connector import Connector
from booking_lab.workloads import Workloads
from tests.web.conftest import make_client

__all__ = ["make_client"]

WORKLOADS = Workloads()


class Lab:
    """A service in this process that records, and its database."""

    def __init__(self, client, database_url, file):
        self.url = database_url
        self.file = file
        self._client = client

    def book(self, seat, customer="ann"):
        body = {"event_id": 1, "seat_number": seat, "customer_id": customer}
        answer = self._client.post("/book", json=body | {"strategy": "pessimistic"}).json
        count = (
            f"SELECT count(*) FROM attempts WHERE id = '{answer['attempt_id']}' AND answered <> ''"
        )
        eventually(lambda: self.sql(count) == [(1,)])
        return answer["attempt_id"]

    def reset(self):
        assert self._client.post("/admin/reset?event_id=1").status_code == 200

    def sql(self, statement):
        connection = psycopg2.connect(self.url)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    def books(self):
        with Connector(self.url).session() as session:
            return database.read(session, WORKLOADS)

    def compared(self, books=None, known_until=None):
        books = books or self.books()
        known_until = known_until or self.file.stat().st_size
        return database.compare(HistoryReader(self.file, WORKLOADS).read(), books, known_until)

    def disagreements(self):
        return {(one.kind, one.subject) for one in self.compared().disagreements}


@pytest.fixture
def lab(make_client, database_url, tmp_path):
    file = tmp_path / "history.jsonl"
    return Lab(make_client(history=str(file)), database_url, file)


def test_answers_and_database_agree(lab):
    lab.book("A1")
    lab.book("A1", "bob")
    comparison = lab.compared()
    assert comparison.compared == 2
    assert comparison.disagreements == []
    assert comparison.left_out == []


def test_a_confirmed_booking_is_lost(lab):
    lab.book("A1")
    lab.sql("DELETE FROM attempts")
    assert ("lost", "A1") in lab.disagreements()


def test_a_booking_that_was_refused_stands(lab):
    lab.book("A1")
    refused = lab.book("A1", "bob")
    lab.sql(f"UPDATE attempts SET outcome = 'confirmed', answered = NULL WHERE id = '{refused}'")
    assert ("stands", "A1") in lab.disagreements()


def test_a_booking_was_not_recorded(lab):
    lab.book("A1")
    lab.book("A2")
    lab.sql(
        f"UPDATE attempts SET id = '{uuid4()}' WHERE subject = 'A2';"
        "DELETE FROM attempts WHERE subject = 'A1'"
    )
    assert {("unrecorded", "A2"), ("lost", "A1")} <= lab.disagreements()


def test_what_the_audit_finds_is_told(lab):
    lab.book("A1")
    lab.sql("UPDATE seats SET is_booked = false, booked_by = NULL, holder = NULL")
    assert ("orphan", "A1") in lab.disagreements()


def test_only_what_came_after_the_last_reset_is_compared(lab):
    lab.book("A1")
    lab.reset()
    lab.book("A2")
    comparison = lab.compared()
    assert comparison.compared == 1
    assert comparison.disagreements == []


def test_bookings_before_the_recording_are_not_held_against_it(
    lab, make_client, database_url, tmp_path
):
    lab.book("A1")
    file = tmp_path / "later.jsonl"
    later = Lab(make_client(history=str(file)), database_url, file)
    later.book("A2")
    assert later.compared().left_out == ["seats 1: there were bookings before the recording began"]

    later.reset()
    later.book("A2")
    assert later.compared().compared == 1
    assert later.compared().disagreements == []


def test_a_lab_that_goes_on_booking_meanwhile_is_not_held_against_it(lab):
    lab.book("A1")
    known_until, books = lab.file.stat().st_size, lab.books()
    lab.book("A2")
    comparison = lab.compared(books, known_until)
    assert (comparison.compared, comparison.disagreements) == (1, [])

    lab.reset()
    comparison = lab.compared(books, known_until)
    assert comparison.disagreements == []
    assert comparison.left_out == ["seats 1: a reset was under way"]


def test_a_booking_between_the_two_looks_is_in_the_history_too(lab):
    lab.book("A1")
    known_until = lab.file.stat().st_size
    lab.book("A2")  # after the file was looked at, before the books were
    assert lab.compared(lab.books(), known_until).disagreements == []
