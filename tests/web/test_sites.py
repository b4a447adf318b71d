"""A page of another site, or one whose name leads to this machine, changes nothing here."""

from __future__ import annotations

import pytest

from booking_lab.config import Settings
from booking_lab.errors import ConfigurationError

BOOKING = {"event_id": 1, "seat_number": "A1", "customer_id": "c1"}
OF_ANOTHER_SITE = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin,cross-site"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
]
OF_THIS_SITE = [
    {},
    {"Origin": "http://localhost"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://LOCALHOST:8000", "Host": "localhost:8000"},
    {"Origin": "https://127.0.0.1:8000", "Host": "127.0.0.1:8000"},
    {"Sec-Fetch-Site": "none"},
]
ELSEWHERE = [
    "evil.example", "evil.example:8000", "127.evil.example", "127.0.0.1.evil.example", "127.1",
    "localhost.evil.example", "localhost@evil.example", "0177.0.0.1", "127.0.0.01", "[::2]",
    "192.168.0.1", "10.0.0.1:8000", "[fe80::1]", "::1", "[127.0.0.1]", "2130706433", "local host",
    "localhost:8000:8000", "localhost:x", "[::1", "[]", "\xff", "localhost.",
]  # fmt: skip
HERE = ["localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:8000", "127.8.9.10", "[::1]",
        "[::1]:8000", "[0:0:0:0:0:0:0:1]:80"]  # fmt: skip


def operations(client):
    ids = {"event_id": "1", "booking_id": "00000000-0000-4000-8000-000000000000"}
    return [
        (method.upper(), path.format(**ids))
        for path, methods in client.get("/openapi.json").json["paths"].items()
        for method in methods
    ]


def booked(client):
    return client.get("/events/1").json["seats"]["booked"]


@pytest.mark.parametrize("headers", OF_ANOTHER_SITE)
def test_nothing_that_changes_something_is_done_for_a_page_of_another_site(quick, headers):
    before = quick.get("/admin/strategy").json
    changing = [(method, path) for method, path in operations(quick) if method != "GET"]
    assert len(changing) > 8
    for method, path in changing:
        answer = quick.open(path, method=method, headers=headers, json=BOOKING)
        assert answer.status_code == 403, (method, path)
        assert answer.json["code"] == "cross_site"
    assert quick.get("/admin/strategy").json == before
    assert booked(quick) == 0


@pytest.mark.parametrize("headers", OF_ANOTHER_SITE)
def test_a_token_does_not_change_that(make_client, headers):
    client = make_client(admin_token="secret")
    token = {"Authorization": "Bearer secret"}
    assert client.post("/book", json=BOOKING, headers=headers).status_code == 403
    answer = client.post("/admin/reset?event_id=1", headers=headers | token)
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", OF_THIS_SITE)
def test_pages_of_the_lab_and_who_is_no_browser_may(quick, headers):
    assert quick.post("/admin/reset?event_id=1", headers=headers).status_code == 200
    assert quick.post("/book", json=BOOKING, headers=headers).status_code == 201


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_name_that_somebody_made_lead_here_is_refused(quick, host):
    for method, path in [*operations(quick), ("GET", "/"), ("GET", "/docs/"), ("GET", "/no")]:
        answer = quick.open(path, method=method, headers={"Host": host})
        assert answer.status_code == 421, (method, path)
        assert answer.json["code"] == "misdirected_request"
    assert booked(quick) == 0


@pytest.mark.parametrize("host", HERE)
def test_names_of_this_machine_are_taken(quick, host):
    assert quick.get("/api/bookings", headers={"Host": host}).status_code == 200


def test_more_names_can_be_set(make_client):
    client = make_client(host="127.0.0.1", allowed_hosts=("lab.test", "[fd00::1]"))
    for host in ("lab.test", "LAB.test:8000", "[fd00::1]:8000", "localhost"):
        assert client.get("/health", headers={"Host": host}).status_code == 200, host
    assert client.get("/health", headers={"Host": "lab.test.evil.example"}).status_code == 421


def test_with_a_token_every_name_is_taken(make_client):
    client = make_client(admin_token="secret")
    assert client.get("/health", headers={"Host": "lab.example"}).status_code == 200


def test_no_page_of_another_site_may_read_or_frame_the_answers(quick):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method, path in [("OPTIONS", "/book"), ("GET", "/api/bookings"), ("GET", "/docs/swagger")]:
        answer = quick.open(path, method=method, headers=asked)
        assert answer.status_code == 200
        assert not any(name.lower().startswith("access-control-") for name in dict(answer.headers))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert quick.get("/docs/swagger").headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "host", ["127.evil.example", "127.0.0.1.example", "127.1", "0.0.0.0", "::"]
)
def test_a_host_that_is_not_this_machine_alone_wants_a_token(host):
    with pytest.raises(ConfigurationError, match=f"Refusing to listen on {host} without a token"):
        Settings.from_environment({"BOOKING_LAB_HOST": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "Localhost", "::1"])
def test_a_host_that_is_this_machine_alone_wants_none(host):
    assert Settings.from_environment({"BOOKING_LAB_HOST": host}).loopback


@pytest.mark.parametrize("token", [" ", "a ", "\tb", "a\nb"])
def test_a_token_that_no_client_could_send_is_refused(token):
    with pytest.raises(ConfigurationError, match="BOOKING_LAB_ADMIN_TOKEN"):
        Settings.from_environment({"BOOKING_LAB_ADMIN_TOKEN": token})


def as_sent(text):
    """As WSGI hands over the bytes of a header."""
    return text.encode().decode("latin-1")


def test_the_scheme_has_no_case_and_a_token_may_be_in_any_script(make_client):
    client = make_client(admin_token="gehéim 鍵")
    for sent in ("Bearer gehéim 鍵", "bearer gehéim 鍵", "BEARER   gehéim 鍵"):
        answer = client.get("/admin/strategy", headers={"Authorization": as_sent(sent)})
        assert answer.status_code == 200, sent
    for sent in ("Basic gehéim 鍵", "Bearer gehéim", "gehéim 鍵", "Bearergehéim 鍵", "Bearer"):
        answer = client.get("/admin/strategy", headers={"Authorization": as_sent(sent)})
        assert answer.status_code == 401, sent
