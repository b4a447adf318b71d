"""An error at COMMIT is not a failure: PostgreSQL is asked what became of it."""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from booking_lab.conformance.waiting import eventually
from booking_lab.core.booking import Outcome
from booking_lab.core.observer import Observer
from booking_lab.core.step import StepKind
from booking_lab.runtime.engine import BookingContext
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.faults.proxy import Lose, Proxy
from tests.web.test_booking import STRATEGIES, book


@pytest.fixture
def proxy(database_url):
    # A Unix socket's path may have 107 bytes; pytest's folders are often longer.
    with tempfile.TemporaryDirectory(prefix="bl-") as folder:
        socket_folder = parse_qs(urlsplit(database_url).query)["host"][0]
        proxy = Proxy(Path(folder), f"{socket_folder}/.s.PGSQL.5432")
        yield proxy
        proxy.close()


@pytest.fixture
def proxied(make_client, database_url, proxy):
    url = urlsplit(database_url)
    return make_client(database_url=url._replace(query=f"host={proxy.folder}").geturl())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_commit_whose_reply_is_lost_is_confirmed(proxied, proxy, strategy):
    proxy.lose = Lose.REPLY

    answer = book(proxied, strategy=strategy)

    assert proxy.lost == 1
    assert answer.status_code == 201
    assert answer.json["message"] == "Booking confirmed; the answer to its COMMIT was lost"
    assert proxied.get("/events/1").json["seats"]["booked"] == 1
    assert proxied.get("/admin/audit").json["consistent"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_commit_that_never_arrived_is_an_error_and_booked_nothing(proxied, proxy, strategy):
    proxy.lose = Lose.COMMIT

    answer = book(proxied, strategy=strategy)

    assert proxy.lost == 1
    assert answer.status_code == 503
    assert answer.json["code"] == "database_unavailable"
    assert answer.headers["Retry-After"]
    assert proxied.get("/events/1").json["seats"]["booked"] == 0
    proxy.lose = Lose.NOTHING
    assert book(proxied, strategy=strategy).status_code == 201
    assert proxied.get("/admin/audit").json["consistent"]


def test_who_asks_once_more_what_became_of_a_commit_is_told_the_same(proxied, proxy):
    """The first answer is lost, and the row that was written to ask is there by then."""
    proxy.lose = Lose.BOTH

    answer = book(proxied)

    assert proxy.lost == 2
    assert answer.status_code == 503, answer.json
    assert answer.json["code"] == "database_unavailable"
    assert proxied.get("/events/1").json["seats"]["booked"] == 0
    assert proxied.get("/admin/audit").json["consistent"]


def test_an_unknown_outcome_says_so(proxied, proxy, monkeypatch):
    """Nobody can be asked: the connection to ask with is lost as well."""
    proxy.lose = Lose.REPLY
    monkeypatch.setattr("booking_lab.runtime.engine.RESOLVE_WITHIN", 0)

    answer = book(proxied)

    assert answer.status_code == 503
    assert answer.json["status"] == "failed"
    assert answer.json["outcome"] == "unknown"
    assert answer.json["code"] == "outcome_unknown"
    eventually(lambda: proxied.get("/admin/audit").json["consistent"])
    assert proxied.get("/events/1").json["seats"]["booked"] == 1


@pytest.mark.parametrize("strategy", [*STRATEGIES, "queue"])
def test_as_many_lost_replies_as_connections_are_all_settled(
    make_client, database_url, proxy, strategy
):
    """Who settles must not wait for a connection of those who do the same."""
    most = 3
    url = urlsplit(database_url)._replace(query=f"host={proxy.folder}").geturl()
    client = make_client(database_url=url, booking_pool=most, pool_timeout=20)
    lab = client.application.extensions["lab"]
    entry = lab.registry.get(strategy)
    wish = BookingContext("0" * 31 + "1", (entry, entry.create({})))
    engine = lab.engine.derive(lab.bookings, [Meeting(most)])
    proxy.lose = Lose.REPLY

    with ThreadPoolExecutor(most) as customers:
        asked = [SeatRequest(event_id=1, seats=(f"A{n}",), customer_id="c") for n in range(1, 4)]
        ended = list(customers.map(lambda one: engine.book(Seats(), one, wish), asked))

    assert proxy.lost == most
    assert [booking.outcome for booking in ended] == [Outcome.CONFIRMED] * most
    assert client.get("/events/1").json["seats"]["booked"] == most
    assert client.get("/admin/audit").json["consistent"]


class Meeting(Observer):
    """Has all bookings commit at once."""

    def __init__(self, parties):
        self._barrier = threading.Barrier(parties, timeout=20)

    @contextmanager
    def step(self, step):
        if step.kind is StepKind.COMMIT:
            self._barrier.wait()
        yield
