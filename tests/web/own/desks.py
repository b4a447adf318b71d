"""Desks of an office floor: each has one user or none.

A workload as a reader would write it: it stands in a folder of the reader's, and no file of the lab
knows of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import Field

from booking_lab import (
    INTERNAL,
    Anchor,
    BookingNotFound,
    InvalidRequest,
    LabWorkload,
    NotFound,
    NotHeld,
    Request,
    Scenario,
    Session,
    Superseded,
    Taken,
    Violation,
)


@dataclass(frozen=True, kw_only=True)
class DeskRequest(Request):
    """A desk; of a cancellation, none."""

    floor: Annotated[int, Field(ge=1, le=99)]
    desk: Annotated[str, Field(pattern="^[a-z]{1,8}$")]
    given_back: str = field(default="", metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Refuse the desk that nobody wants."""
        if self.desk == "printer":
            raise ValueError("nobody can sit at the printer")

    @property
    def action(self) -> str:
        """Moving to no desk is cancelling."""
        return "cancel" if self.replaces and not self.desk else super().action


class State(NamedTuple):
    """Who holds each desk, and which desk the booking to be changed holds."""

    holders: Mapping[str, str | None]
    held: str | None


class Desks(LabWorkload):
    """Desks of an office floor."""

    request = DeskRequest
    listing = """
        SELECT attempt_id AS id, floor::text AS scope, desk AS subject, customer_id, status,
               created_at, jsonb_build_object('floor', floor, 'desk', desk) AS details
        FROM desk_bookings
    """
    wrong = """
        SELECT 'double booking' AS anomaly, floor::text AS scope, desk AS subject,
               format('confirmed %%s times', count(*)) AS detail
        FROM desk_bookings WHERE status = 'confirmed' GROUP BY floor, desk HAVING count(*) > 1
        UNION ALL
        SELECT 'orphan', floor::text, desk, 'it is held without a booking of it'
        FROM desks WHERE holder IS NOT NULL AND NOT EXISTS (
            SELECT FROM desk_bookings AS held WHERE held.attempt_id = holder
            AND status = 'confirmed' AND (held.floor, held.desk) = (desks.floor, desks.desk))
    """

    def scope(self, request: DeskRequest) -> str:
        return str(request.floor)

    def subject(self, request: DeskRequest) -> str:
        return request.desk or request.given_back

    def anchors(self, request: DeskRequest) -> Sequence[Anchor]:
        touched = {request.desk, request.given_back} - {""}
        return [Anchor("desks", (("floor", request.floor), ("desk", desk))) for desk in touched]

    def read(self, session: Session, request: DeskRequest) -> State:
        rows = session.execute(_READ, {"floor": request.floor, "holder": str(request.holder)})
        holders = {desk: holder for desk, holder, _ in rows}
        if not {request.desk, request.given_back} - {""} <= holders.keys():
            raise NotFound(f"There is no desk {request.desk!r} on floor {request.floor}.")
        return State(holders, rows[0][2])

    def decide(self, state: State, request: DeskRequest) -> None:
        if request.replaces and state.held != request.given_back:
            raise NotHeld
        if request.desk not in ("", request.given_back) and state.holders[request.desk]:
            raise Taken(f"Desk {request.desk} is taken.")

    def write(self, session: Session, request: DeskRequest, change: None) -> int:  # noqa: ARG002
        [(held, booking_id)] = session.execute(
            _CHANGE if request.replaces else _BOOK,
            {
                "holder": str(request.holder),
                "floor": request.floor,
                "desk": request.desk,
                "given_back": request.given_back,
                "customer_id": request.customer_id,
                "generation": request.generation,
            },
        )
        if booking_id is None:
            raise Superseded if held else NotHeld
        return int(booking_id)

    def reset(self, session: Session, scope: str, generation: int) -> int:
        floor = {"floor": scope, "generation": generation}
        session.execute(
            "UPDATE desks SET holder = NULL, generation = %(generation)s, version = version + 1 "
            "WHERE floor = %(floor)s::integer",
            floor,
        )
        gone = "DELETE FROM desk_bookings WHERE floor = %(floor)s::integer RETURNING 1"
        return len(session.execute(gone, floor))

    def available(self, session: Session) -> Mapping[str, int]:
        query = "SELECT floor::text, count(*) FILTER (WHERE holder IS NULL) FROM desks GROUP BY 1"
        return dict(session.execute(query))

    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> DeskRequest:
        rows = session.execute(
            "SELECT floor, desk, customer_id, status FROM desk_bookings "
            "WHERE attempt_id = %(id)s::uuid",
            {"id": str(booking)},
        )
        if not rows:
            raise BookingNotFound
        floor, desk, customer_id, status = rows[0]
        if status == "cancelled":
            raise NotHeld
        if changes is not None and changes.keys() != {"desk"}:
            raise InvalidRequest("A booking stays on its floor: send desk.")
        return DeskRequest(
            floor=floor,
            desk=changes["desk"] if changes else "",
            given_back=desk,
            customer_id=customer_id,
            replaces=booking,
        )

    def violations(self, session: Session) -> Sequence[Violation]:
        return [
            {"anomaly": anomaly, "scope": scope, "subject": subject, "detail": detail}
            for anomaly, scope, subject, detail in session.execute(self.wrong, {})
        ]

    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        requests = [DeskRequest(floor=1, desk="a", customer_id=f"{n}") for n in range(bookers)]
        return [Scenario("one desk", "", "1", requests)]


_READ = """
SELECT desks.desk, desks.holder::text, held.desk FROM desks LEFT JOIN desk_bookings AS held
    ON held.attempt_id = %(holder)s::uuid AND held.status = 'confirmed'
WHERE desks.floor = %(floor)s
"""
_BOOK = """
WITH taken AS (
    UPDATE desks SET holder = %(holder)s::uuid, version = version + 1
    WHERE floor = %(floor)s AND desk = %(desk)s AND generation <= %(generation)s RETURNING 1
), booking AS (
    INSERT INTO desk_bookings (attempt_id, floor, desk, customer_id)
    SELECT %(holder)s::uuid, %(floor)s, %(desk)s, %(customer_id)s FROM taken RETURNING id
)
SELECT true, (SELECT id FROM booking)
"""
# Locked: of a row that isn't, this would see what was there when the statement began. A desk that
# somebody else has got as well stays theirs.
_CHANGE = """
WITH held AS MATERIALIZED (
    SELECT id FROM desk_bookings WHERE attempt_id = %(holder)s::uuid
    AND status = 'confirmed' AND desk = %(given_back)s FOR UPDATE
), heir AS MATERIALIZED (
    SELECT attempt_id FROM desk_bookings WHERE floor = %(floor)s AND desk = %(given_back)s
    AND status = 'confirmed' AND attempt_id <> %(holder)s::uuid ORDER BY id DESC LIMIT 1
), changed AS (
    UPDATE desks SET version = version + 1, holder = CASE
        WHEN desk = %(desk)s AND desk <> %(given_back)s THEN %(holder)s::uuid
        WHEN desk <> %(desk)s AND holder = %(holder)s::uuid THEN (SELECT attempt_id FROM heir)
        ELSE holder END
    WHERE floor = %(floor)s AND desk IN (%(desk)s, %(given_back)s)
      AND generation <= %(generation)s AND EXISTS (SELECT FROM held) RETURNING 1
), booking AS (
    UPDATE desk_bookings SET desk = coalesce(nullif(%(desk)s, ''), desk_bookings.desk),
        status = CASE WHEN %(desk)s = '' THEN 'cancelled' ELSE 'confirmed' END
    FROM held WHERE desk_bookings.id = held.id AND EXISTS (SELECT FROM changed)
    RETURNING desk_bookings.id
)
SELECT EXISTS (SELECT FROM held), (SELECT id FROM booking)
"""
