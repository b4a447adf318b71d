"""What can be asked for at most is what the documents say, and can be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from booking_lab.workloads.seats import requests as seats
from booking_lab.workloads.slots import requests as slots
from booking_lab.workloads.tickets import requests as tickets

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
SLOT = {"kind": "slots", "tenant_id": 1, "branch_id": 1, "resource_id": 1, "service_id": 1,
        "customer_id": "c"}  # fmt: skip
#: The last Sunday of October, in Berlin: from midnight to midnight, with 2 o'clock twice.
LONG_DAY = {"starts_at": "2030-10-27T00:00:00+02:00", "ends_at": "2030-10-28T00:00:00+01:00"}


def test_a_calendar_day_on_which_clocks_go_back_can_be_booked(quick):
    assert quick.post("/api/bookings", json=SLOT | LONG_DAY).status_code == 201
    longer = {**SLOT, **LONG_DAY, "ends_at": "2030-10-28T00:00:00.000001+01:00"}
    answer = quick.post("/api/bookings", json=longer)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert "25 hours long at most" in answer.json["detail"]


@pytest.mark.parametrize(
    ("most", "one_more"),
    [
        ({"kind": "seats", "seats": [f"{row}{number}" for row in "AB" for number in range(1, 11)]},
         {"seats": [f"X{number}" for number in range(21)]}),
        ({"kind": "seats", "best": 20, "strategy": "skip_locked"}, {"best": 21}),
        ({"kind": "tickets", "quantity": 10}, {"quantity": 11}),
    ],
)  # fmt: skip
def test_the_most_of_a_booking_can_be_booked_and_one_more_can_not(quick, most, one_more):
    body = {"event_id": 1, "customer_id": "c", **most}
    assert quick.post("/api/bookings", json=body).status_code == 201
    answer = quick.post("/api/bookings", json=body | one_more)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")


def test_the_document_says_so():
    words = " ".join(API.split())
    assert seats.MAX_SEATS == 20
    assert "at most 20 seats" in words
    assert tickets.MAX_TICKETS == 10
    assert "at most 10 tickets" in words
    assert slots.MAX_PRODUCTS == 20
    assert "at most 20 different products, and 20 units of each" in words
    assert slots.LONGEST.total_seconds() == 25 * 3600
    assert "at most 25 hours" in words
    assert (slots.EARLIEST.year, slots.LATEST.year) == (2000, 2200)
    assert "between the years 2000 and 2200" in words


def test_the_openapi_document_says_so(quick):
    shown = quick.get("/openapi.json").json["components"]["schemas"]
    fields = {name: shown[name]["properties"] for name in
              ("SeatsBooking", "SlotsBooking", "TicketsBooking", "Product")}  # fmt: skip
    assert fields["SeatsBooking"]["seats"]["maxItems"] == seats.MAX_SEATS
    assert fields["SeatsBooking"]["best"]["maximum"] == seats.MAX_SEATS
    assert fields["TicketsBooking"]["quantity"]["maximum"] == tickets.MAX_TICKETS
    assert fields["SlotsBooking"]["products"]["maxItems"] == slots.MAX_PRODUCTS
    assert fields["Product"]["quantity"]["maximum"] == slots.MAX_PRODUCTS
    assert "25 hours" in fields["SlotsBooking"]["ends_at"]["description"]
