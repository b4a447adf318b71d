"""A race on demand."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from booking_lab import race
from booking_lab.errors import Taken
from booking_lab.observers.barrier import Opening
from booking_lab.web.booking import answer
from booking_lab.web.fields import Body, EventId, Options, SeatNumber, StrategyName
from booking_lab.web.problems import documented
from booking_lab.web.state import lab, reading, wish
from booking_lab.workloads.seats import SeatRequest, Seats

racing = APIBlueprint("racing", __name__, abp_tags=[Tag(name="admin")])

_SEATS = Seats()


class RaceBody(Body):
    """How many customers race for which seat; under the current strategy, or one of your choice."""

    event_id: EventId
    seat_number: SeatNumber
    customers: Annotated[int, Field(ge=2, le=50)] = 10
    strategy: StrategyName | None = None
    options: Options | None = None


class RaceAnswer(BaseModel):
    """How the race ended.

    ``barrier`` says whether all customers met between decide and write (``filled``), or whether
    the strategy kept some away, so that it let go.
    """

    strategy: str
    customers: int
    confirmed: int
    refused: int
    outcomes: dict[str, int]
    barrier: Opening
    verdict: str
    answers: list[dict[str, Any]]


@racing.post(
    "/admin/race",
    responses={200: RaceAnswer, **documented(400, 401, 404, 409, 413, 415, 422, 503)},
)
def run_race(body: RaceBody) -> dict[str, Any]:
    """Let customers meet between decide and write, and see whom the seat is promised to.

    The seat must be free; the same engine books as for ``/book``.
    """
    requests = [
        SeatRequest(
            event_id=body.event_id, seat_number=body.seat_number, customer_id=f"customer_{number}"
        )
        for number in range(1, body.customers + 1)
    ]
    wanted = wish(body.strategy, body.options)
    with reading() as (session, _):
        if _SEATS.read(session, requests[0]).is_booked:
            raise Taken(
                f"Seat {body.seat_number} is booked already, so there is nothing to race for; "
                f"POST /admin/reset?event_id={body.event_id} frees it."
            )
    ended = race.run(lab().engine, lab().connector, _SEATS, requests, wanted)
    outcomes = Counter(str(booking.outcome) for booking in ended.bookings)
    return {
        "strategy": ended.bookings[0].strategy.name,
        "customers": body.customers,
        "confirmed": ended.confirmed,
        "refused": outcomes["refused"],
        "outcomes": dict(outcomes),
        "barrier": ended.opening,
        "verdict": ended.verdict,
        "answers": [
            {"status": "confirmed" if one.outcome == "confirmed" else "failed", **answer(one)}
            for one in ended.bookings
        ],
    }
