"""Pages of lists: the limit, the total and the cursor of the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from booking_lab.errors import InvalidRequest

T = TypeVar("T")

#: Entries of a page at most, and by default.
MOST_ENTRIES = 1000
Limit = Annotated[int, Field(ge=1, le=MOST_ENTRIES, description="how many")]
Cursor = Annotated[str | None, Field(max_length=200, description="an answer's next")]


class Paged(BaseModel):
    """A page of a list: ``total`` counts all entries; ``next`` is the cursor of the next page."""

    total: int
    next: str | None


def page(everything: Sequence[T], limit: int, cursor: str | None) -> tuple[Sequence[T], Paged]:
    """Return one page of ``everything``, with its total and its next cursor.

    Raises:
        InvalidRequest: the cursor is not one that such a list has returned.
    """
    begin = position(cursor)
    return everything[begin : begin + limit], paged(len(everything), begin, limit)


def paged(total: int, begin: int, limit: int) -> Paged:
    """Return the total and the next cursor of the page with ``limit`` entries from ``begin``."""
    return Paged(total=total, next=str(begin + limit) if begin + limit < total else None)


def truncated(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with its own lists and texts shortened to ``MOST_ENTRIES``.

    Other endpoints have the whole lists, such as the bookings of a crowd that all got one seat.
    """
    return {name: _truncate(value) for name, value in entry.items()}


def _truncate(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_ENTRIES:
        return f"{value[:MOST_ENTRIES]}..."
    return value[:MOST_ENTRIES] if isinstance(value, list) else value


def position(cursor: str | None) -> int:
    """Return the number of entries before the page.

    Raises:
        InvalidRequest: the cursor is not one that such a list has returned.
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise InvalidRequest(
            "The cursor does not belong to this list; take it from the 'next' of an answer, or "
            "leave it out to begin with the first page."
        )
    return int(cursor)
