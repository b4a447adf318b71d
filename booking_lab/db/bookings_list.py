"""The list of the bookings of all workloads, newest first, in pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.workload import Row
from booking_lab.db.session import PostgresSession
from booking_lab.errors import (
    BookingLabError,
    BookingNotFound,
    InvalidRequest,
    PluginFault,
    safe_text,
)

_COLUMNS = "id, scope, subject, customer_id, status, created_at, details"
_ONE_KIND = f"""
(SELECT '{{kind}}' AS kind, {_COLUMNS} FROM ({{listing}}) AS listed WHERE {{condition}}
 ORDER BY created_at DESC, id DESC LIMIT %(limit)s)
"""
#: The types of the columns, so that the lists of several workloads can be combined.
_TYPES = """
(SELECT ''::text, NULL::uuid, ''::text, ''::text, ''::text, ''::text, NULL::timestamptz, NULL::jsonb
 WHERE false)
"""
_ALL = f"""
SELECT kind, {_COLUMNS} FROM ({{kinds}} UNION ALL {_TYPES}) AS listed
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""
_COUNTED = "(SELECT id FROM ({listing}) AS listed WHERE {condition})"
_COUNT = "SELECT count(*) FROM ({kinds}) AS listed"
_KIND = "SELECT workload FROM attempts WHERE id = %(id)s::uuid"
#: The condition of each filter; a page begins after the last booking of the page before.
_CONDITIONS = {
    "id": "id = %(id)s::uuid",
    "customer_id": "customer_id = %(customer_id)s",
    "status": "status = %(status)s",
    "scope": "scope = %(scope)s",
    "created_at": "(created_at, id) < (%(created_at)s::timestamptz, %(after)s::uuid)",
}


@dataclass(frozen=True)
class ListedBooking:
    """A booking in the list; a moved booking as it is now.

    Attributes:
        kind: the workload.
        id: the id of the request that made it.
        scope: the scope that it belongs to.
        subject: a short name of the booked thing.
        customer_id: the customer.
        status: confirmed or cancelled.
        created_at: the time when it was made.
        details: further values by the workload.
    """

    kind: str
    id: str
    scope: str
    subject: str
    customer_id: str
    status: str
    created_at: datetime
    details: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the booking as a JSON object."""
        return {**asdict(self), "id": str(self.id), "created_at": self.created_at.isoformat()}


def find(
    session: PostgresSession, workloads: Iterable[LabWorkload], booking: UUID
) -> ListedBooking:
    """Return the booking of this id.

    Raises:
        BookingNotFound: there is no such booking.
        PluginFault: the query of a plug-in workload fails.
    """
    made = session.execute(_KIND, {"id": str(booking)})
    # A booking with an attempt is in the list of its workload; an orphan may be in any list.
    likely = [one for one in workloads if not made or one.name == made[0][0]]
    broken: PluginFault | None = None
    for one in likely:
        try:
            if found := _read(session, [one], {"id": str(booking)}, 1):
                return found[0]
        except PluginFault as error:  # the booking may be in another list
            broken = error
    if broken:
        raise broken
    raise BookingNotFound(f"There is no booking {booking}; GET /api/bookings lists them.")


def check(session: PostgresSession, filters: Mapping[str, str], workload: LabWorkload) -> None:
    """Check that the list of ``workload`` can be combined with those of other workloads.

    Raises:
        Exception: the error of its query.
    """
    listed = _ONE_KIND.format(
        kind=workload.name, listing=workload.listing, condition=_condition(filters)
    )
    session.execute(_ALL.format(kinds=listed), {**filters, "limit": 1000})


def page(
    session: PostgresSession,
    workloads: Collection[LabWorkload],
    filters: Mapping[str, str],
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[ListedBooking], str | None]:
    """Return one page of bookings, and the cursor of the next page; none after the last page.

    New bookings between two pages neither shift nor repeat the following bookings.

    Args:
        session: the session.
        workloads: the workloads to list.
        filters: the required values by column.
        cursor: the begin of the page; none for the newest bookings.
        limit: bookings at most.

    Raises:
        InvalidRequest: the cursor does not belong to this list.
        PluginFault: the query of a plug-in workload fails.
    """
    found = _read(session, workloads, {**filters, **_position(cursor)}, limit + 1)
    if len(found) <= limit:
        return found, None
    return found[:limit], _cursor(found[limit - 1])


def total(
    session: PostgresSession, workloads: Collection[LabWorkload], filters: Mapping[str, str]
) -> int:
    """Return the number of bookings for ``filters`` on all pages.

    Raises:
        PluginFault: the query of a plug-in workload fails.
    """
    rows = _execute(session, _COUNT, _COUNTED, workloads, filters)
    return int(rows[0][0]) if rows else 0


def _read(
    session: PostgresSession,
    workloads: Collection[LabWorkload],
    filters: Mapping[str, str],
    limit: int,
) -> Sequence[ListedBooking]:
    # Each workload's part has its own filter and LIMIT, so that it can use an index.
    rows = _execute(session, _ALL, _ONE_KIND, workloads, {**filters, "limit": limit})
    return [ListedBooking(*row) for row in rows]


def _execute(
    session: PostgresSession,
    statement: str,
    one_kind: str,
    workloads: Collection[LabWorkload],
    parameters: Mapping[str, object],
) -> Sequence[Row]:
    if not workloads:
        return []
    condition = _condition(parameters)
    kinds = " UNION ALL ".join(
        one_kind.format(kind=one.name, listing=one.listing, condition=condition)
        for one in workloads
    )
    try:
        return session.execute(statement.format(kinds=kinds), parameters)
    except BookingLabError:
        raise
    except Exception as error:  # of any kind: the SQL is a plug-in's
        names = " or ".join(one.name for one in workloads)
        raise PluginFault(
            f"The bookings of {names} can't be listed: {' '.join(safe_text(error, str).split())}"
        ) from error


def _condition(parameters: Mapping[str, object]) -> str:
    return " AND ".join(c for name, c in _CONDITIONS.items() if name in parameters) or "true"


def _cursor(last: ListedBooking) -> str:
    position = json.dumps([last.created_at.isoformat(), str(last.id)])
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _position(cursor: str | None) -> dict[str, str]:
    if cursor is None:
        return {}
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, booking = json.loads(base64.urlsafe_b64decode(padded.encode()))
        return {
            "created_at": datetime.fromisoformat(created_at).isoformat(),
            "after": str(UUID(booking)),
        }
    except (ValueError, TypeError, AttributeError):
        raise InvalidRequest(
            "The cursor is none of this list's; take it from an answer's 'next', or leave it out "
            "to begin with the newest."
        ) from None
