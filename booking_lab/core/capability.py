"""What a workload can do beyond reading, deciding and writing.

Each capability is a small protocol. A workload has it by implementing it, and a strategy says which
it needs; so neither has to know the other.

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
    """What a strategy may need beyond reading, deciding and writing rows.

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


#: Those that servers offer beside PostgreSQL, and no workload.
SERVERS = frozenset({Capability.REDIS, Capability.QUORUM})


@runtime_checkable
class SupportsConditionalWrite(Protocol):
    """Check and write can be one statement.

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
        """Book if the state allows it, in one statement; return the booking's row id.

        Raises:
            Refused: the state doesn't allow it.
            NotFound: the request names something that isn't there.
            Superseded: the scope was reset since the booking began.
        """
        ...


@runtime_checkable
class SupportsConstraint(Protocol):
    """A constraint of the database can refuse what must not be.

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
        """Write like ``write``, and mark what is booked as guarded.

        A constraint allows no other booking beside a guarded one, whoever writes it. ``write``
        leaves the mark out: on the same tables, the one can fail and the other can't.

        Raises:
            Refused: the database did.
        """
        ...


@runtime_checkable
class SupportsBatch(Protocol):
    """Several requests can be decided on one state and written by one statement.

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
        """Return the state as it is after ``change``; pure."""
        ...

    def write_all(self, session: Session, changes: Sequence[tuple[Any, Any]]) -> Sequence[int]:
        """Write these (request, change) by one statement; return the bookings' row ids."""
        ...


@runtime_checkable
class SupportsCounts(Protocol):
    """What is left can be counted for each anchor."""

    def units(self, request: Any) -> Mapping[Anchor, int]:
        """How much the request takes of each anchor."""
        ...

    def left(self, session: Session, anchor: Anchor) -> int:
        """How much the database says is left of an anchor; 0 if it isn't there."""
        ...


@runtime_checkable
class SupportsChoice(Protocol):
    """The thing to book can be chosen among those that are free.

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
        """Lock the best that is free and that nobody else has locked; return the named request.

        A request that names its things gets these locked, if nobody else has.

        Raises:
            Refused: nothing is left.
            Busy: what is left is locked by others.
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
    """Return what ``workload`` can do."""
    return _offered(type(workload))  # type: ignore[arg-type]  # classes are hashable


@lru_cache(1000)  # comparing with a protocol takes longer than a step of a booking
def _offered(kind: type) -> frozenset[Capability]:
    return frozenset(one for one, protocol in _PROTOCOLS.items() if issubclass(kind, protocol))


class MayBeOpen(Protocol):
    """A request, or a scenario: it may leave something to be chosen."""

    @property
    def open(self) -> bool:
        """Whether it does."""
        ...


def why_unsuitable(
    needs: frozenset[Capability], workload: object, servers: frozenset[Capability] = SERVERS
) -> str:
    """Say why strategies with these needs can't book ``workload``; empty: they can.

    Args:
        needs: what they need.
        workload: what is booked.
        servers: what the servers offer; by default all that there can be.
    """
    return "; ".join(_LACKS[one] for one in sorted(needs - capabilities_of(workload) - servers))


def can_take(needs: frozenset[Capability], asked: MayBeOpen) -> bool:
    """Tell whether strategies with these needs can take ``asked``: who doesn't choose can't, if
    it leaves something to be chosen.
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
        Unsuitable: it can't; says why.
    """
    if why := why_unsuitable(needs, workload, servers):
        raise Unsuitable(
            f"{workload.name.capitalize()} can't be booked under {strategy}: {why}. Choose another "
            f"strategy."
        )
