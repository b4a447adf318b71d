"""``/admin/race``: a race on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, RootModel

from booking_lab.core.booking import Booking
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.strategy import Anomaly
from booking_lab.core.verdict import Verdict
from booking_lab.core.workload import Request
from booking_lab.errors import Refused
from booking_lab.observers.barrier import ReleaseReason
from booking_lab.runtime import race
from booking_lab.runtime.engine import BookingContext
from booking_lab.web.http.context import (
    booking_context,
    lab,
    read_session_and_selection,
    slot_for_waiting,
    workload_of,
)
from booking_lab.web.http.problems import documented_problems
from booking_lab.web.routes.booking import seat_description
from booking_lab.web.routes.bookings import description
from booking_lab.web.schemas.booking_response import check_server_reached, payload
from booking_lab.web.schemas.fields import (
    Body,
    Customers,
    Options,
    StrategyName,
)
from booking_lab.web.schemas.unions import by_kind
from booking_lab.web.schemas.workload_schema import WorkloadSchemas
from booking_lab.workloads.seats import SeatRequest, Seats
from booking_lab.workloads.seats.requests import EventId, SeatNumber

_RACE = "/admin/race"


class SeatRace(Body):
    """The short form: a seat and the number of customers; ``strategy`` as for a booking."""

    event_id: EventId
    seat_number: SeatNumber
    customers: Customers = 10
    strategy: StrategyName | None = None
    options: Options | None = None


class RaceFinding(BaseModel):
    """An inconsistency that the race has caused."""

    anomaly: str
    scope: str
    subject: str
    detail: str


class RaceAnswer(BaseModel):
    """The result of a race.

    ``barrier`` is ``filled`` if all customers met between decide and write. Otherwise the strategy
    kept some of them waiting, and the barrier opened without them. If the ``verdict`` is ``wrong``,
    ``anomaly`` is the worst anomaly of the race.
    """

    strategy: str
    kind: str
    customers: int
    confirmed: int
    refused: int
    outcomes: dict[str, int]
    barrier: ReleaseReason
    verdict: Verdict
    anomaly: Anomaly | None
    findings: list[RaceFinding]
    answers: list[dict[str, Any]]


def blueprint(kinds: WorkloadSchemas) -> APIBlueprint:
    """Return the blueprint, with the request bodies of ``kinds``."""
    racing = APIBlueprint("racing", __name__, abp_tags=[Tag(name="admin")])

    def run_race(body: RootModel[Any]) -> dict[str, Any]:
        """Let several customers meet between decide and write, and judge the result.

        The thing has to be free for one of them. The race uses the same engine as any booking.
        """
        asked = body.root
        wanted = booking_context(asked.strategy, asked.options)
        names = [f"customer_{number}" for number in range(1, asked.customers + 1)]
        if isinstance(asked, SeatRace):
            seats = (asked.seat_number,)
            requests = [
                SeatRequest(event_id=asked.event_id, seats=seats, customer_id=name)
                for name in names
            ]
            return _run(workload_of(Seats), requests, wanted, seat_description)
        kind = kinds.get(asked.kind)
        return _run(
            kind.workload,
            [kind.request(asked.request, name) for name in names],
            wanted,
            lambda done: description(kind, done),
        )

    races = {name: kind.race for name, kind in kinds.all().items()}
    # The body depends on the workloads, so that no annotation in the source can name it.
    run_race.__annotations__["body"] = by_kind("NewRace", races, short=SeatRace)
    racing.post(
        _RACE,
        responses={
            200: RaceAnswer,
            **documented_problems(400, 401, 404, 409, 413, 415, 422, 500, 503),
        },
    )(run_race)
    return racing


def _run(
    workload: LabWorkload,
    requests: Sequence[Request],
    wanted: BookingContext,
    thing: Callable[[Booking], dict[str, Any]],
) -> dict[str, Any]:
    _check_free(workload, requests[0], wanted)
    with slot_for_waiting():
        ended = race.run(lab().engine, lab().connector, workload, requests, wanted)
    check_server_reached(ended.bookings)
    outcomes = Counter(str(booking.outcome) for booking in ended.bookings)
    return {
        "strategy": ended.bookings[0].strategy.name,
        "kind": workload.name,
        "customers": len(requests),
        "confirmed": ended.confirmed,
        "refused": outcomes["refused"],
        "outcomes": dict(outcomes),
        "barrier": ended.release_reason,
        "verdict": ended.verdict,
        "anomaly": ended.anomaly,
        "findings": [asdict(finding) for finding in ended.findings],
        "answers": [
            {
                "status": "confirmed" if one.outcome == "confirmed" else "failed",
                **payload(one, thing(one)),
            }
            for one in ended.bookings
        ],
    }


def _check_free(workload: LabWorkload, request: Request, wanted: BookingContext) -> None:
    """Check that one customer alone would get the thing.

    Raises:
        Unsuitable: the strategy can't book this workload.
        NotFound: there is no such thing.
        Refused: the thing is not free.
    """
    with read_session_and_selection() as (session, current):
        _, strategy = wanted.strategy or lab().registry.selected(current)
        lab().engine.check_suitable(workload, request, strategy)
        try:
            workload.decide(workload.read(session, request), request)
        except Refused as error:
            raise type(error)(
                f"{error.message} So there is nothing to race for; POST /admin/reset?kind="
                f"{workload.name}&scope={workload.scope(request)} frees it."
            ) from None
