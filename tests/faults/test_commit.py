"""An error at COMMIT is not a failure: PostgreSQL is asked what became of it."""

import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from booking_lab.conformance.waiting import eventually
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


def test_an_unknown_outcome_says_so(proxied, proxy, monkeypatch):
    """Nobody can be asked: the connection to ask with is lost as well."""
    proxy.lose = Lose.REPLY
    monkeypatch.setattr("booking_lab.engine.SETTLE_WITHIN", 0)

    answer = book(proxied)

    assert answer.status_code == 503
    assert answer.json["status"] == "failed"
    assert answer.json["outcome"] == "unknown"
    assert answer.json["code"] == "outcome_unknown"
    eventually(lambda: proxied.get("/admin/audit").json["consistent"])
    assert proxied.get("/events/1").json["seats"]["booked"] == 1
