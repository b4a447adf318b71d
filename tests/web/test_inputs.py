"""Bad input gets 4xx with a reason, and changes nothing."""

import json
from urllib.parse import quote

import pytest

GOOD = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}


def text(**changes):
    return json.dumps({**GOOD, **changes})


BODIES = [
    ("{", 400, "The body is not JSON"),
    (b"\xff\xfe\x00", 400, "The body is not JSON"),
    ("[" * 8_000, 400, "nested too deeply"),
    ('{"event_id": 1, "event_id": 2}', 400, "an object has the same key twice"),
    ('{"event_id": NaN}', 400, "NaN is not a JSON value"),
    ('{"event_id": 1' + "0" * 5_000 + "}", 400, "The body is not JSON"),
    (
        '{"event_id": 1, "options": {"a": [{"b": 1, "b": 2}]}}',
        400,
        "an object has the same key twice",
    ),
    ('{"event_id": 1e400}', 400, "1e400 is beyond all numbers"),
    ('{"event_id": -Infinity}', 400, "-Infinity is not a JSON value"),
    ("\ufeff" + text(), 400, "begins with a byte order mark"),
    (text().encode("utf-16"), 400, "not UTF-8"),
    (text().encode("utf-32"), 400, "not UTF-8"),
    (text().encode("utf-16-le"), 400, "The body is not JSON"),
    (text(customer_id="é").encode().replace(b"\\u00e9", b"\xe9"), 400, "not UTF-8"),
    (text() + text(), 400, "The body is not JSON"),
    ("", 400, "The body is not JSON"),
    ("[]", 422, "not a JSON object"),
    ("null", 422, "not a JSON object"),
    (json.dumps(text()), 422, "not a JSON object"),
    ("{}", 422, "event_id: Field required"),
    (text(event_id=1.7), 422, "event_id: Input should be a valid integer"),
    (text(event_id=True), 422, "event_id: Input should be a valid integer"),
    (text(event_id="1"), 422, "event_id: Input should be a valid integer"),
    (text(event_id=1.0), 422, "event_id: Input should be a valid integer"),
    (text().replace('"event_id": 1', '"event_id": 1e0'), 422, "event_id: Input should be a valid"),
    (text(**{"a\u200bb": 1}), 422, "Extra inputs are not permitted"),
    (text(strategy="optimistic", options={"a": ["\u202e"]}), 422, "options.a.0: U+202E"),
    (text(event_id=2**40), 422, "event_id: Input should be less than or equal"),
    (text(event_id=0), 422, "event_id: Input should be greater than or equal"),
    (text(customer_id={}), 422, "customer_id: Input should be a valid string"),
    (text(customer_id=""), 422, "customer_id: String should have at least 1"),
    (text(customer_id="x" * 300), 422, "customer_id: String should have at most 100"),
    (text(customer_id="a\0b"), 422, "customer_id: U+0000 is invisible"),
    (text(customer_id="\ud800"), 422, "customer_id: U+D800 is invisible"),
    (text(seat_number="A1; DROP TABLE seats"), 422, "seat_number: String should match"),
    (text(vip=True), 422, "vip: Extra inputs are not permitted"),
    (text(strategy="hope"), 422, "There is no strategy 'hope'"),
    (text(strategy="optimistic", options={"attempts": 0}), 422, "option attempts"),
    (text(options={"attempts": 3}), 422, "Options need a strategy"),
    (text(event_id=9), 404, "There is no event 9"),
    (text(seat_number="Z99"), 404, "has no seat 'Z99'"),
    ("x" * 20_000, 413, "more than 16384 bytes"),
]


@pytest.fixture
def untouched(shared_client, request):
    """The shared client; whose requests are all refused has left nothing to clear up."""
    if shared_client.get("/events/1").json["seats"]["booked"]:
        return request.getfixturevalue("quick")
    return shared_client


@pytest.mark.parametrize(("body", "status", "reason"), BODIES)
def test_a_bad_body_is_refused_with_a_reason(untouched, body, status, reason):
    answer = untouched.post("/book", data=body, content_type="application/json")

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert reason in answer.json["detail"]
    assert set(answer.json) == {"type", "title", "status", "detail", "code", "trace_id"}
    assert answer.json["status"] == status
    assert untouched.get("/events/1").json["seats"]["booked"] == 0
    assert untouched.get("/admin/stats").json["totals"]["total"] == 0


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
def test_a_bad_address_is_refused_with_a_code(untouched, method, path, status, code):
    answer = untouched.open(path, method=method)

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
def test_a_bad_admin_body_changes_nothing(untouched, path, body):
    before = untouched.get("/admin/strategy").json

    answer = untouched.post(path, json=body)

    assert answer.status_code == 422
    assert untouched.get("/admin/strategy").json == before
    assert untouched.get("/events/1").json["seats"]["booked"] == 0


def operations(client):
    """Each address and method that the document has, as a request that would be a good one."""
    ids = {"event_id": "1", "booking_id": "00000000-0000-4000-8000-000000000000"}
    for path, methods in client.get("/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.format(**ids), operation


def test_every_address_refuses_a_parameter_that_it_does_not_have(quick):
    before = quick.get("/admin/strategy").json
    others = [("GET", path, {}) for path in ("/", "/docs/", "/docs/swagger", "/openapi.json")]
    heads = [("HEAD", path, operation) for method, path, operation in operations(quick)
             if method == "GET"]  # fmt: skip
    for method, path, operation in [*operations(quick), *others, *heads]:
        for query in ("surprise=1", "surprise", "=1", "Kind=seats", "event_id%20=1"):
            body = {"json": {}} if "requestBody" in operation else {}
            answer = quick.open(f"{path}?{query}", method=method, **body)
            assert answer.status_code in {400, 422}, (method, path, query)
            assert answer.content_type == "application/problem+json"
            if method != "HEAD":
                assert "this address has no such parameter" in answer.json["detail"]
    assert quick.get("/admin/strategy").json == before


def test_every_parameter_is_refused_twice(quick):
    tried = 0
    for method, path, operation in operations(quick):
        for one in operation.get("parameters", ()):
            if one["in"] != "query":
                continue
            for values in (("1", "1"), ("seats", "tickets"), ("", "1")):
                query = "&".join(f"{one['name']}={value}" for value in values)
                answer = quick.open(f"{path}?{query}", method=method)
                assert answer.status_code == 422, (method, path, query)
                assert f"{one['name']}: it is sent twice" in answer.json["detail"]
                tried += 1
    assert tried


def test_every_address_without_a_body_refuses_one(quick):
    for method, path, operation in operations(quick):
        if "requestBody" not in operation:
            answer = quick.open(path, method=method, json={"event_id": 1})
            assert (answer.status_code, answer.json["code"]) == (400, "bad_request"), (method, path)


@pytest.mark.parametrize(
    "value", ["1.0", "1e0", "%201", "1%20", "+1", "%2B1", "-0", "01", "0x1", "1_0", "true", "",
              "%EF%BC%91", "%D9%A1", "1%00", "9" * 20, "9" * 5000],
)  # fmt: skip
def test_a_number_is_written_in_one_way(untouched, value):
    for query in (f"/admin/reset?event_id={value}", f"/api/bookings?limit={value}"):
        answer = untouched.open(query, method="POST" if "reset" in query else "GET")
        assert answer.status_code == 422, query
    if value:
        assert untouched.get(f"/events/{value}").status_code == 404
        assert untouched.get(f"/events/{value}/seats").status_code == 404


@pytest.mark.parametrize("value", ["1", "True", "yes", "on", "t", "TRUE", "", "%74rue%20"])
def test_a_truth_value_is_written_in_one_way(untouched, value):
    assert untouched.get(f"/events/1/seats?available_only={value}").status_code == 422


@pytest.mark.parametrize("query", ["customer_id=%ff", "customer_id=%C3", "customer_id=%zz",
                                   "customer_id=%", "customer_id=%ed%a0%80", "%ff=1"])  # fmt: skip
def test_a_query_that_can_not_be_read_is_refused(untouched, query):
    answer = untouched.get(f"/api/bookings?{query}")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
     "application/json; charset=latin-1", "application/json; charset=utf-16", "application/jsonx",
     "application/problem+json", "text/json"],
)  # fmt: skip
def test_a_body_that_is_not_said_to_be_json_is_refused(untouched, content_type):
    for path in ("/book", "/api/bookings", "/admin/strategy", "/admin/race", "/book/unsafe"):
        answer = untouched.post(path, data=text(), content_type=content_type)
        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type"), path


def test_a_body_that_is_packed_is_refused(quick):
    for coding in ("gzip", "deflate", "br", "identity, gzip"):
        answer = quick.post("/book", data=text(), content_type="application/json",
                            headers={"Content-Encoding": coding})  # fmt: skip
        assert answer.status_code == 415
    answer = quick.post("/book", data=text(), content_type="application/json; charset=UTF-8")
    assert answer.status_code == 201


#: Names that nobody can tell apart from another one, or can't see.
BAD_NAMES = [
    "a\nb", "a\tb", "a\x7fb", "a\x85b",  # control
    "a\u200bb", "a\u00adb", "\u202eevil", "a\ufeffb", "a\u2060b", "a\U000e0041b", "\u200e",
    "a\ue000b", "a\U0010fffdb",  # private use
    "a\ud800", "\udfff",  # half of a pair
    "a\u2028b", "a\u2029b",  # separators
    "a\ufffeb", "\ufdd0", "a\U0001ffffb",  # no characters
    "\u200dab", "ab\u200c", "a\u200d b", "a\u200d\u200cb", "1\u200d2",  # joiners that join nothing
    "a\u3164", "\u115f\u1160", "a\uffa0b", "a\u034fb", "a\u17b5b",  # letters without ink
    "a\ufe0fb", "1\ufe0e", "ab\U000e0100", "a\u180bb", "李\ufe00\ufe01",  # they choose no form
    "a\u2065b", "a\ufff0b", "a\U000e0fffb",  # kept for what won't be seen
    " ", "\u00a0", "\u3000", "\u2800", "\u2800 \u2800", "\u0301", "\ufe0f", "\U0001d159",  # blank
    " a", "a ", "\u00a0a", "a\u3000", "\u2800a",  # blank at an end
    "e\u0301", "\u212b", "\u1112\u1161\u11ab", "a\u0323\u0307"[::-1] + "a",  # another normal form
]  # fmt: skip
#: Names of people.
GOOD_NAMES = [
    "customer_1", "O'Neil", "Anna-Lena Müller", "Ünal Ÿ", "Łukasz", "Đặng Văn Lâm", "山田　太郎",
    "葛󠄀城", "김철수", "Владимир", "नरेंद्र", "می‌خواهم", "ක්‍රිෂාන්", "עמית", "李😀", "李❤\ufe0f", "ⴰⵎⴰⵣⵉⵖ",
    "x" * 100,
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_can_not_be_told_from_another_is_refused_at_every_door(untouched, name):
    seats = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": name}
    doors = [
        untouched.post("/book", data=text(customer_id=name), content_type="application/json"),
        untouched.post("/api/bookings", data=json.dumps(seats), content_type="application/json"),
    ]
    for path in ("/book/unsafe", "/book/safe"):
        tickets = json.dumps({"event_id": 1, "user_email": name, "quantity": 1})
        doors.append(untouched.post(path, data=tickets, content_type="application/json"))
    quoted = quote(name, errors="surrogatepass")
    for filtered in ("customer_id", "scope"):
        doors.append(untouched.get(f"/api/bookings?{filtered}={quoted}"))
    doors.append(untouched.post(f"/admin/reset?kind=seats&scope={quoted}"))
    assert {answer.status_code for answer in doors} <= {400, 422}
    assert untouched.get("/events/1").json["seats"]["booked"] == 0
    assert untouched.get("/admin/stats").json["totals"]["total"] == 0


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_names_of_people_are_taken_as_they_are(quick, name):
    answer = quick.post("/book", json={**GOOD, "customer_id": name})
    assert (answer.status_code, answer.json["customer_id"]) == (201, name)
    listed = quick.get(f"/api/bookings?customer_id={quote(name)}").json["bookings"]
    assert [one["customer_id"] for one in listed] == [name]


@pytest.mark.parametrize("field", ["strategy", "kind"])
@pytest.mark.parametrize(
    "name", ["None", "none ", "n\u03bfne", "\uff4eone", "no\u200bne", "", "a" * 65]
)
def test_a_name_of_the_labs_own_has_no_other_form(untouched, field, name):
    body = {"kind": "seats", "event_id": 1, "seats": ["A1"], "customer_id": "c", field: name}
    assert untouched.post("/api/bookings", json=body).status_code == 422
