"""Bad input gets 4xx with a reason, and changes nothing."""

import json

import pytest

GOOD = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}


def text(**changes):
    return json.dumps({**GOOD, **changes})


BODIES = [
    ("{", 400, "The body is no JSON"),
    (b"\xff\xfe\x00", 400, "The body is no JSON"),
    ("[" * 8_000, 400, "nested too deeply"),
    ('{"event_id": 1, "event_id": 2}', 400, "a key stands there twice"),
    ('{"event_id": NaN}', 400, "NaN is no JSON value"),
    ('{"event_id": 1' + "0" * 5_000 + "}", 400, "The body is no JSON"),
    ("[]", 422, "no JSON object"),
    ("null", 422, "no JSON object"),
    (json.dumps(text()), 422, "no JSON object"),
    ("{}", 422, "event_id: Field required"),
    (text(event_id=1.7), 422, "event_id: Input should be a valid integer"),
    (text(event_id=True), 422, "event_id: Input should be a valid integer"),
    (text(event_id="1"), 422, "event_id: Input should be a valid integer"),
    (text(event_id=2**40), 422, "event_id: Input should be less than or equal"),
    (text(event_id=0), 422, "event_id: Input should be greater than or equal"),
    (text(customer_id={}), 422, "customer_id: Input should be a valid string"),
    (text(customer_id=""), 422, "customer_id: String should have at least 1"),
    (text(customer_id="x" * 300), 422, "customer_id: String should have at most 100"),
    (text(customer_id="a\0b"), 422, "customer_id: String should match pattern"),
    (text(customer_id="\ud800"), 422, "unable to parse raw data as a unicode string"),
    (text(seat_number="A1; DROP TABLE seats"), 422, "seat_number: String should match"),
    (text(vip=True), 422, "vip: Extra inputs are not permitted"),
    (text(strategy="hope"), 422, "There is no strategy 'hope'"),
    (text(strategy="optimistic", options={"attempts": 0}), 422, "option attempts"),
    (text(options={"attempts": 3}), 422, "belong to no strategy"),
    (text(event_id=9), 404, "There is no event 9"),
    (text(seat_number="Z99"), 404, "has no seat 'Z99'"),
    ("x" * 20_000, 413, "more than 16384 bytes"),
]


@pytest.mark.parametrize(("body", "status", "reason"), BODIES)
def test_a_bad_body_is_refused_with_a_reason(quick, body, status, reason):
    answer = quick.post("/book", data=body, content_type="application/json")

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert reason in answer.json["detail"]
    assert set(answer.json) == {"type", "title", "status", "detail", "code", "trace_id"}
    assert answer.json["status"] == status
    assert quick.get("/events/1").json["seats"]["booked"] == 0
    assert quick.get("/admin/stats").json["totals"]["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/events/1099511627776", 422, "invalid_fields"),
        ("GET", "/events/0", 422, "invalid_fields"),
        ("GET", "/events/none", 404, "not_found"),
        ("GET", "/events/2", 404, "event_not_found"),
        ("GET", "/events/2/seats", 404, "event_not_found"),
        ("GET", "/events/1/seats?available_only=perhaps", 422, "invalid_fields"),
        ("GET", "/events/1/seats?sold=1", 422, "invalid_fields"),
        ("GET", "/book", 405, "method_not_allowed"),
        ("POST", "/book", 415, "unsupported_media_type"),
        ("POST", "/admin/reset", 422, "invalid_request"),
        ("POST", "/admin/reset?event_id=7", 404, "event_not_found"),
        ("POST", "/admin/strategy", 415, "unsupported_media_type"),
    ],
)
def test_a_bad_address_is_refused_with_a_code(quick, method, path, status, code):
    answer = quick.open(path, method=method)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == code


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/admin/strategy", {"strategy": "hope"}),
        ("/admin/strategy", {"strategy": "optimistic", "options": {"attempts": 1.5}}),
        ("/admin/strategy", {"strategy": "none", "options": {"attempts": 1}}),
        ("/admin/strategy", {"strategy": "none", "option": {}}),
        ("/admin/think-time", {"think_time_ms": -1}),
        ("/admin/think-time", {"think_time_ms": 10_001}),
        ("/admin/think-time", {"think_time_ms": "50"}),
        ("/admin/race", {"event_id": 1, "seat_number": "A1", "customers": 1}),
        ("/admin/race", {"event_id": 1, "seat_number": "A1", "customers": 51}),
    ],
)
def test_a_bad_admin_body_changes_nothing(quick, path, body):
    before = quick.get("/admin/strategy").json

    answer = quick.post(path, json=body)

    assert answer.status_code == 422
    assert quick.get("/admin/strategy").json == before
    assert quick.get("/events/1").json["seats"]["booked"] == 0
