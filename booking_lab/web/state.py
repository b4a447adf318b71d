"""The lab behind the current request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app, g

from booking_lab import selection
from booking_lab.db.session import Session
from booking_lab.engine import Wish
from booking_lab.errors import InvalidOptions
from booking_lab.lab import Lab
from booking_lab.selection import Selection


def lab() -> Lab:
    """Return the lab of this process."""
    return cast(Lab, current_app.extensions["lab"])


@contextmanager
def reading() -> Iterator[tuple[Session, Selection]]:
    """Lend a connection of the read pool, with the current selection."""
    with lab().reads.session(selection.read) as lent:
        yield lent


def wish(strategy: str | None, options: dict[str, object] | None) -> Wish:
    """Return what a booking of this request wants.

    Raises:
        UnknownStrategy, InvalidOptions: the request's strategy isn't one.
    """
    if strategy is None:
        if options is not None:
            raise InvalidOptions("These options belong to no strategy; name one beside them.")
        return Wish(g.trace_id)
    entry = lab().registry.get(strategy)
    return Wish(g.trace_id, (entry, entry.make(options or {})))
