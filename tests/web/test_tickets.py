"""/book/unsafe and /book/safe: the requests, answers and statuses of the article."""

import time

import pytest
import redis

from booking_lab.runtime import selection
from tests.web.test_booking import lock_key

FORMS = ["/book/unsafe", "/book/safe"]
BODY = {"event_id": 1, "user_email": "user1@example.com", "quantity": 1}
PROBLEM = {"type", "title", "status", "detail", "code", "trace_id", "error"}


@pytest.mark.parametrize("path", FORMS)
def test_tickets_are_booked_until_there_are_too_few(quick, path):
    first = quick.post(path, json=BODY | {"quantity": 7})
    assert first.status_code == 200
    message = first.json.pop("message")
    assert message.startswith("Booking confirmed")
    assert ("UNSAFE VERSION" in message) == (path == "/book/unsafe")
    assert first.json == {"message": message, "total_amount": 2099.93, "remaining_tickets": 3}

    second = quick.post(path, json=BODY | {"quantity": 4})
    assert second.status_code == 400
    assert second.json.keys() == PROBLEM
    assert second.json["error"] == "Not enough tickets available"
    assert second.json["code"] == "sold_out"

    [listed] = quick.get("/api/bookings?kind=tickets").json["bookings"]
    assert listed["customer_id"] == "user1@example.com"
    assert quick.get("/admin/strategy").json["strategy"] == "none"


BAD = [
    (BODY | {"event_id": 9}, 404, "Event not found"),
    (BODY | {"quantity": 0}, 400, "Invalid request"),
    (BODY | {"quantity": "1"}, 400, "Invalid request"),
    (BODY | {"customer_id": "c1"}, 400, "Invalid request"),
    ({}, 400, "Invalid request"),
    ([], 400, "Invalid request"),
]


@pytest.mark.parametrize("path", FORMS)
def test_a_bad_request_is_answered_in_the_articles_words(quick, path, subtests):
    for body, status, error in BAD:
        with subtests.test(str(body)):
            answer = quick.post(path, json=body)
            assert (answer.status_code, answer.json["error"]) == (status, error)
            assert answer.json.keys() == PROBLEM
            assert answer.content_type == "application/problem+json"
            assert answer.json["status"] == status
    for sent, status in (({"data": "{"}, 400), ({"data": "x" * 20_000}, 413)):
        answer = quick.post(path, content_type="application/json", **sent)
        assert (answer.status_code, answer.json.keys()) == (status, PROBLEM)
    assert quick.post(path, data="x").status_code == 415
    assert quick.get("/api/bookings").json["bookings"] == []


def test_who_finds_the_lock_taken_is_turned_away_at_once(quick):
    settings = quick.application.extensions["lab"].settings
    with redis.Redis.from_url(settings.redis_url) as other:
        key = lock_key(quick, "ticket_events:1")
        other.set(key, "somebody else", px=60_000)
        begin = time.monotonic()
        busy = quick.post("/book/safe", json=BODY)
        waited = time.monotonic() - begin
        elsewhere = quick.post("/book/safe", json=BODY | {"event_id": 2})
        other.delete(key)

    assert busy.status_code == 429
    assert waited < 2  # the strategy's own default is to wait longer
    assert busy.json["error"] == "System is busy, please try again"
    assert busy.headers["Retry-After"]
    assert elsewhere.status_code == 200
    assert elsewhere.json["total_amount"] == 199.99
    assert quick.post("/book/safe", json=BODY).status_code == 200


def test_a_booking_stands_when_its_cost_cant_be_read(make_client):
    client = make_client(read_pool=1, pool_timeout=0.2)

    with client.application.extensions["lab"].reads.session(selection.read):
        answer = client.post("/book/unsafe", json=BODY)

    assert answer.status_code == 200
    assert (answer.json["total_amount"], answer.json["remaining_tickets"]) == (None, None)
    assert client.get("/admin/workloads").json["workloads"][-1]["available"]["1"] == 9
