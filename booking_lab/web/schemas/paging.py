"""Lists a page at a time: bounded, with a total, and with a way to read on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from booking_lab.errors import InvalidRequest

T = TypeVar("T")

#: What a list holds at most, and what it holds unless it is asked for less.
MOST_ENTRIES = 1000
Limit = Annotated[int, Field(ge=1, le=MOST_ENTRIES, description="how many")]
Cursor = Annotated[str | None, Field(max_length=200, description="an answer's next")]


class Paged(BaseModel):
    """A part of a list: ``total`` counts all; ``next`` is the cursor of the page behind, if any."""

    total: int
    next: str | None


def page(everything: Sequence[T], limit: int, cursor: str | None) -> tuple[Sequence[T], Paged]:
    """Return the part of a list that is asked for, and where it goes on.

    Raises:
        InvalidRequest: the cursor isn't one of such a list's.
    """
    begin = position(cursor)
    return everything[begin : begin + limit], paged(len(everything), begin, limit)


def paged(total: int, begin: int, limit: int) -> Paged:
    """Say where a list of ``total`` goes on after ``limit`` from ``begin``."""
    return Paged(total=total, next=str(begin + limit) if begin + limit < total else None)


def truncated(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of a list whose own lists hold no more than a list may, and no text more.

    What is cut off, such as the bookings of a crowd that all got the same, is in lists of its own.
    """
    return {name: _truncate(value) for name, value in entry.items()}


def _truncate(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_ENTRIES:
        return f"{value[:MOST_ENTRIES]}..."
    return value[:MOST_ENTRIES] if isinstance(value, list) else value


def position(cursor: str | None) -> int:
    """Return how many come before the page.

    Raises:
        InvalidRequest: the cursor isn't one of such a list's.
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise InvalidRequest(
            "The cursor is none of this list's; take it from an answer's 'next', or leave it out "
            "to begin with the first."
        )
    return int(cursor)
