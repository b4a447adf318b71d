"""Capabilities of workloads and servers that go beyond reading, deciding and writing rows.

Each capability of a workload is a small protocol. A workload has the capability if it implements
the protocol. A strategy declares the capabilities that it needs, so neither has to know the other.

>>> class Hall:
...     def units(self, request):
...         return {Anchor("halls", (("id", request.hall),)): request.tickets}
...
...     def left(self, session, anchor):
...         rows = session.execute("SELECT left FROM halls WHERE id = %(id)s", anchor.parameters)
...         return rows[0][0] if rows else 0
>>> isinstance(Hall(), SupportsCounts), isinstance(Hall(), SupportsChoice)
(True, False)
>>> capabilities_of(Hall())
frozenset({<Capability.COUNTS: 'counts'>})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

from booking_lab.core.anchor import Anchor
from booking_lab.core.workload import Session
from booking_lab.errors import Unsuitable


class Capability(StrEnum):
    """A capability that a strategy may need.

    >>> why_unsuitable(frozenset({Capability.COUNTS}), workload=object())
    "what is left of them can't be counted"
    """

    REDIS = "redis"
    QUORUM = "several redis servers"
    CONDITIONAL_WRITE = "conditional write"
    CONSTRAINT = "constraint"
    BATCH = "batch"
    COUNTS = "counts"
    CHOICE = "choice"


#: The capabilities that servers provide, and not workloads.
SERVERS = frozenset({Capability.REDIS, Capability.QUORUM})


@runtime_checkable
class SupportsConditionalWrite(Protocol):
    """A workload whose check and write can be one statement.

    >>> from booking_lab import Taken
    >>> class Desks:
    ...     def write_if(self, session, request):
    ...         rows = session.execute(
    ...             "UPDATE desks SET holder = %(id)s WHERE desk = %(desk)s AND holder IS NULL "
    ...             "RETURNING number",
    ...             {"id": request.id, "desk": request.desk},
    ...         )
    ...         if not rows:
    ...             raise Taken
    ...         return rows[0][0]
    >>> isinstance(Desks(), SupportsConditionalWrite)
    True
    """

    def write_if(self, session: Session, request: Any) -> int:
        """Book if the state allows it, in one statement; return the id of the booking's row.

        Raises:
            Refused: the state doesn't allow it.
            NotFound: the request names something that does not exist.
            Superseded: the scope was reset since the booking began.
        """
        ...


@runtime_checkable
class SupportsConstraint(Protocol):
    """A workload in which a constraint of the database can refuse a booking.

    >>> class Desks:
    ...     def claim(self, session, request, change):
    ...         [(number,)] = session.execute(
    ...             "INSERT INTO guarded (desk, holder) VALUES (%(desk)s, %(id)s) RETURNING number",
    ...             {"id": request.id, "desk": request.desk},
    ...         )
    ...         return number
    >>> isinstance(Desks(), SupportsConstraint)
    True
    """

    def claim(self, session: Session, request: Any, change: Any) -> int:
        """Write like ``write``, and mark the booked things as guarded.

        The constraint allows no other booking beside a guarded one, whatever code writes it.
        ``write`` does not set the mark, so on the same tables ``write`` can double-book and
        ``claim`` can't.

        Raises:
            Refused: the database refused the booking.
        """
        ...


@runtime_checkable
class SupportsBatch(Protocol):
    """A workload that can decide several requests on one state and write them by one statement.

    >>> class Desks:
    ...     def read_all(self, session, requests):
    ...         desks = [request.desk for request in requests]
    ...         query = "SELECT desk FROM desks WHERE desk = ANY(%(desks)s) AND holder IS NULL"
    ...         return frozenset(desk for (desk,) in session.execute(query, {"desks": desks}))
    ...
    ...     def apply(self, state, request, change):
    ...         return state - {request.desk}
    ...
    ...     def write_all(self, session, changes):
    ...         pairs = [[request.id, request.desk] for request, _ in changes]
    ...         insert = "INSERT INTO ... RETURNING number"  # of all of them at once
    ...         return [number for (number,) in session.execute(insert, {"pairs": pairs})]
    >>> isinstance(Desks(), SupportsBatch)
    True
    """

    def read_all(self, session: Session, requests: Sequence[Any]) -> Any:
        """Read one state on which each of ``requests`` can be decided."""
        ...

    def apply(self, state: Any, request: Any, change: Any) -> Any:
        """Return the state after ``change``. A pure function."""
        ...

    def write_all(self, session: Session, changes: Sequence[tuple[Any, Any]]) -> Sequence[int]:
        """Write these pairs of request and change by one statement; return the ids of the rows."""
        ...


@runtime_checkable
class SupportsCounts(Protocol):
    """A workload that can count what is left of each anchor."""

    def units(self, request: Any) -> Mapping[Anchor, int]:
        """Return the units that the request takes of each anchor; negative if it frees them."""
        ...

    def left(self, session: Session, anchor: Anchor) -> int:
        """Return the units left of an anchor, by the database; 0 if the anchor does not exist."""
        ...


@runtime_checkable
class SupportsChoice(Protocol):
    """A workload in which the thing to book can be chosen among the free ones.

    >>> from dataclasses import replace
    >>> from booking_lab import SoldOut
    >>> class Desks:
    ...     def choose(self, session, request):
    ...         query = "SELECT desk FROM desks WHERE holder IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED"
    ...         rows = session.execute(query)
    ...         if not rows:
    ...             raise SoldOut
    ...         return replace(request, desk=rows[0][0])
    >>> isinstance(Desks(), SupportsChoice)
    True
    """

    def choose(self, session: Session, request: Any) -> Any:
        """Lock the best free things that no other booking has locked.

        If the request names its things, lock these.

        Returns:
            The request with the names of the locked things.

        Raises:
            Refused: not enough is left.
            Busy: other bookings have locked all that is left.
        """
        ...


_PROTOCOLS: Mapping[Capability, type] = {
    Capability.CONDITIONAL_WRITE: SupportsConditionalWrite,
    Capability.CONSTRAINT: SupportsConstraint,
    Capability.BATCH: SupportsBatch,
    Capability.COUNTS: SupportsCounts,
    Capability.CHOICE: SupportsChoice,
}

_LACKS: Mapping[Capability, str] = {
    Capability.REDIS: "the lab runs without Redis",
    Capability.QUORUM: "the lab runs without the servers of Redlock",
    Capability.CONDITIONAL_WRITE: "check and write aren't one statement there",
    Capability.CONSTRAINT: "no constraint of the database guards them",
    Capability.BATCH: "several can't be booked by one statement",
    Capability.COUNTS: "what is left of them can't be counted",
    Capability.CHOICE: "there is nothing to choose among",
}


def capabilities_of(workload: object) -> frozenset[Capability]:
    """Return the capabilities of ``workload``."""
    return _offered(type(workload))  # type: ignore[arg-type]  # classes are hashable


@lru_cache(1000)  # a comparison with a protocol takes longer than a step of a booking
def _offered(kind: type) -> frozenset[Capability]:
    return frozenset(one for one, protocol in _PROTOCOLS.items() if issubclass(kind, protocol))


class MayBeOpen(Protocol):
    """A request or a scenario that may leave the choice of the thing to the strategy."""

    @property
    def open(self) -> bool:
        """Whether something has to be chosen."""
        ...


def why_unsuitable(
    needs: frozenset[Capability], workload: object, servers: frozenset[Capability] = SERVERS
) -> str:
    """Return the reason why strategies with these needs can't book ``workload``; empty if they can.

    Args:
        needs: the capabilities that the strategies need.
        workload: the workload to book.
        servers: the capabilities of the servers; all of them by default.
    """
    return "; ".join(_LACKS[one] for one in sorted(needs - capabilities_of(workload) - servers))


def can_book(needs: frozenset[Capability], asked: MayBeOpen) -> bool:
    """Return whether strategies with these needs can book ``asked``.

    A strategy without ``CHOICE`` can't book a request that leaves something to be chosen.
    """
    return Capability.CHOICE in needs or not asked.open


def check_can_book(
    strategy: str,
    needs: frozenset[Capability],
    workload: Any,
    servers: frozenset[Capability] = SERVERS,
) -> None:
    """Check that a strategy can book a workload.

    Raises:
        Unsuitable: it can't; the message has the reason.
    """
    if why := why_unsuitable(needs, workload, servers):
        raise Unsuitable(
            f"{workload.name.capitalize()} can't be booked under {strategy}: {why}. Choose another "
            f"strategy."
        )
