"""The bookings of all kinds as one list, newest first, a page at a time."""

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
#: What the columns have to be, so that those of several kinds make one list.
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
#: What each filter comes down to; a page begins behind the last booking of the one before.
_CONDITIONS = {
    "id": "id = %(id)s::uuid",
    "customer_id": "customer_id = %(customer_id)s",
    "status": "status = %(status)s",
    "scope": "scope = %(scope)s",
    "created_at": "(created_at, id) < (%(created_at)s::timestamptz, %(after)s::uuid)",
}


@dataclass(frozen=True)
class ListedBooking:
    """A booking that was made; moved, as it is now.

    Attributes:
        kind: the workload.
        id: the id of the request that made it.
        scope: the scope that it belongs to.
        subject: what it is about, in a word.
        customer_id: whose it is.
        status: confirmed or cancelled.
        created_at: when it was made.
        details: what else its workload says.
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
        """Return it as JSON has it."""
        return {**asdict(self), "id": str(self.id), "created_at": self.created_at.isoformat()}


def find(
    session: PostgresSession, workloads: Iterable[LabWorkload], booking: UUID
) -> ListedBooking:
    """Return the booking of this id.

    Raises:
        BookingNotFound: there is none.
        PluginFault: a workload's own list can't be read.
    """
    made = session.execute(_KIND, {"id": str(booking)})
    # Whoever has an attempt has its booking in that kind's list; an orphan may be in any.
    likely = [one for one in workloads if not made or one.name == made[0][0]]
    broken: PluginFault | None = None
    for one in likely:
        try:
            if found := _read(session, [one], {"id": str(booking)}, 1):
                return found[0]
        except PluginFault as error:  # it may well be in another kind's
            broken = error
    if broken:
        raise broken
    raise BookingNotFound(f"There is no booking {booking}; GET /api/bookings lists them.")


def check(session: PostgresSession, filters: Mapping[str, str], workload: LabWorkload) -> None:
    """Check that the list of ``workload`` can be a part of one of all kinds.

    Raises:
        Exception: what is wrong with it.
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
    """Return ``limit`` bookings at most, and the cursor of the next page; none: this is the last.

    Bookings that are made while somebody turns the pages neither shift nor repeat what follows.

    Args:
        session: to read them.
        workloads: the kinds to list.
        filters: what their columns have to be.
        cursor: where the page begins; none: with the newest.
        limit: how many.

    Raises:
        InvalidRequest: the cursor isn't one of this list's.
        PluginFault: a workload's own list can't be read.
    """
    found = _read(session, workloads, {**filters, **_position(cursor)}, limit + 1)
    if len(found) <= limit:
        return found, None
    return found[:limit], _cursor(found[limit - 1])


def total(
    session: PostgresSession, workloads: Collection[LabWorkload], filters: Mapping[str, str]
) -> int:
    """Return how many bookings there are for ``filters``, on all pages.

    Raises:
        PluginFault: a workload's own list can't be read.
    """
    rows = _execute(session, _COUNT, _COUNTED, workloads, filters)
    return int(rows[0][0]) if rows else 0


def _read(
    session: PostgresSession,
    workloads: Collection[LabWorkload],
    filters: Mapping[str, str],
    limit: int,
) -> Sequence[ListedBooking]:
    # Each kind's part is filtered and cut by itself, so that it can come from an index.
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
    except Exception as error:  # a workload's own SQL, whichever it is
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
