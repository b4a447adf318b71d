"""The ledger takes down what it can, whatever else happens."""

import logging
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import psycopg2
import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.db.ledger import Ledger
from booking_lab.runtime.engine import BookingContext
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.faults.test_waits import statuses
from tests.web.test_booking import book

NOTED = '''
"""Notes: refuses everybody, and has an option that takes any text."""
from dataclasses import dataclass
from booking_lab import Attempt, Refused, Strategy

@dataclass(frozen=True)
class Noted(Strategy):
    note: str = ""

    def book(self, attempt: Attempt) -> None:
        raise Refused
'''


@pytest.fixture
def noted(make_client, tmp_path, caplog):
    (tmp_path / "noted.py").write_text(NOTED)
    caplog.set_level(logging.DEBUG, "booking_lab.runtime.housekeeping")
    return make_client(log_level="DEBUG", strategy_folders=(str(tmp_path),))


def refused(client):
    return statuses(client).get("noted", {}).get("refused", 0)


def test_a_row_that_the_database_will_not_have_is_lost_alone(noted, caplog):
    # PostgreSQL's text holds every character but this one. Customers can't send it.
    lab = noted.application.extensions["lab"]
    entry = lab.registry.get("noted")
    asks = SeatRequest(event_id=1, seats=("A1",), customer_id="a")
    for note in ("before", "\0", "after"):
        wish = BookingContext("0" * 31 + "1", (entry, entry.create({"note": note})))
        assert lab.engine.book(Seats(), replace(asks, id=uuid4()), wish).outcome == "refused"

    eventually(lambda: refused(noted) == 2)

    [lost] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "a row of the ledger is lost" in lost.message
    assert "unsupported Unicode escape sequence" in lost.message


def test_while_it_can_not_be_written_nothing_is_lost(noted, database_url, caplog):
    with psycopg2.connect(database_url) as session, session.cursor() as cursor:
        cursor.execute("ALTER TABLE attempts RENAME TO away")
        session.commit()
        assert book(noted, strategy="noted").status_code == 409
        eventually(lambda: len(tries(caplog)) >= 3)
        cursor.execute("ALTER TABLE away RENAME TO attempts")
    session.close()

    eventually(lambda: refused(noted) == 1)

    # It is tried twice a second, and not as often as it can; it is worth a warning once.
    assert all('relation "attempts" does not exist' in one.message for one in tries(caplog))
    assert [one.levelname for one in tries(caplog)[:3]] == ["WARNING", "DEBUG", "DEBUG"]
    times = [one.created for one in tries(caplog)]
    assert all(second - first > 0.4 for first, second in pairwise(times))


def test_what_is_more_than_it_keeps_is_told(noted, caplog):
    """The oldest rows go; that there were some must not stay unknown."""
    lab = noted.application.extensions["lab"]
    entry = lab.registry.get("noted")
    full = Ledger(most=3)
    for number in range(5):
        request = SeatRequest(event_id=1, seats=("A1",), customer_id=f"c{number}")
        wish = BookingContext("0" * 32, (entry, entry.create({})))
        full.record(lab.engine.book(lab.workloads.get("seats"), request, wish))

    with lab.connector.session() as session:
        full.flush(session)
        full.flush(session)

    [told] = [one.message for one in caplog.records if one.levelno == logging.ERROR]
    assert told == "rows of the ledger are lost: 2 more than it keeps"


def tries(caplog):
    """What was said of tries that failed."""
    return [one for one in caplog.records if "starts again" in one.message]
