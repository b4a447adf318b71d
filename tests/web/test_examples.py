"""The examples of the document, and so of its page, can be sent as they stand, and do something."""

from __future__ import annotations

import pytest


@pytest.fixture
def schemas(quick):
    return quick.get("/openapi.json").json["components"]["schemas"]


def operations(client):
    for path, methods in client.get("/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def bodies(operation):
    return {
        name: one["value"]
        for name, one in operation["requestBody"]["content"]["application/json"]["examples"].items()
    }


def free_everything(client):
    for workload in client.get("/admin/workloads").json["workloads"]:
        for scope in workload["available"]:
            client.post(f"/admin/reset?kind={workload['name']}&scope={scope}")


def test_every_example_of_a_body_does_what_its_address_is_for(quick):
    sent = set()
    booking = next(bodies(operation) for method, path, operation in operations(quick)
                   if (method, path) == ("post", "/api/bookings"))  # fmt: skip
    for method, path, operation in operations(quick):
        if "requestBody" not in operation:
            continue
        for kind, body in bodies(operation).items():
            free_everything(quick)
            where = path
            if method == "patch":
                where = quick.post("/api/bookings", json=booking[kind]).headers["Location"]
            answer = quick.open(where, method=method.upper(), json=body)
            assert answer.status_code in {200, 201}, (path, kind, answer.json)
            if "status" in answer.json:
                assert answer.json["status"] == "confirmed"
            sent.add((method, path, kind))
            quick.post("/admin/strategy", json={"strategy": "none"})
            quick.post("/admin/think-time", json={"think_time_ms": 0})
    assert {kind for _, path, kind in sent if path == "/api/bookings"} == {
        "seats", "slots", "tickets"}  # fmt: skip
    assert {kind for method, _, kind in sent if method == "patch"} == {"seats", "slots", "tickets"}
    assert {kind for _, path, kind in sent if path == "/admin/race"} == {
        "short", "seats", "slots", "tickets"}  # fmt: skip


def test_every_field_of_a_booking_has_an_example_and_all_together_book(quick, schemas):
    for name in ("BookRequest", "SeatsBooking", "SlotsBooking", "TicketsBooking", "TicketsBody",
                 "SeatRace"):  # fmt: skip
        free_everything(quick)
        body = {field: sample(one) for field, one in schemas[name]["properties"].items()}
        path = {"BookRequest": "/book", "TicketsBody": "/book/safe", "SeatRace": "/admin/race"}
        answer = quick.post(path.get(name, "/api/bookings"), json=body)
        assert answer.status_code in {200, 201}, (name, body, answer.json)


def sample(schema):
    """As a page makes it: the example, or what is left out stands for."""
    for one in (schema, *schema.get("anyOf", ())):
        for key in ("example", "const"):
            if key in one:
                return one[key]
    return schema["default"]


def test_every_address_can_be_asked_with_the_examples_of_its_parameters(quick):
    for method, path, operation in operations(quick):
        if "requestBody" in operation or "{booking_id}" in path:
            continue  # which bookings there are, no document knows
        given = {"path": {}, "query": {}}
        for one in operation.get("parameters", ()):
            example = one.get("example", one["schema"].get("example", one["schema"].get("default")))
            if example is not None:
                given[one["in"]][one["name"]] = str(example).lower()
        where = path.format(**given["path"])
        answer = quick.open(where, method=method.upper(), query_string=given["query"])
        assert answer.status_code == 200, (method, path, given, answer.json)


def test_the_root_leads_to_the_page(quick):
    answer = quick.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs/")
    assert quick.get("/", follow_redirects=True).status_code == 200
