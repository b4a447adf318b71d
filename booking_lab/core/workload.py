"""The interface of a workload that bookings need, with requests and database sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol
from uuid import UUID, uuid4

from booking_lab.core.anchor import Anchor

Row = tuple[Any, ...]

#: Metadata of a request's field that the lab fills in.
INTERNAL = {"internal": True}


class Session(Protocol):
    """One database session, as the core and the workloads use it.

    A workload needs ``execute`` alone. The lab calls the other methods.
    """

    @property
    def process_id(self) -> int:
        """The id of the server process of this session; 0 while it has no connection."""
        ...

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows.

        Args:
            statement: the SQL, with ``%(name)s`` for parameters.
            parameters: the values of the parameters by name.

        Raises:
            BookingLabError: the lab's error for the server's, such as ``Violated`` or
                ``LockTimeout``. An error in the SQL itself is raised as the driver's.
        """
        ...

    def mark_altered(self) -> None:
        """Note that foreign statements follow: the connection is reset before its next use."""
        ...

    def require_same_transaction(self) -> None:
        """Make COMMIT fail if the open transaction, or a part of it, has ended before."""
        ...

    def release_connection(self) -> None:
        """Give the connection back until the next statement, because a wait follows."""
        ...

    def acquire_connection(self) -> None:
        """Take a connection now, before the next statement.

        Raises:
            PoolTimeout: no connection came free in time.
        """
        ...

    def begin(self, isolation: str | None) -> None:
        """Open a transaction; BEGIN is sent together with the next statement.

        Raises:
            StartOver: the lab was switched or reset since the booking began.
        """
        ...

    def verify_with_next(self) -> None:
        """Check together with the next statement that no switch or reset came since the begin.

        Raises:
            StartOver: the lab was switched or reset; the next statement raises it.
        """
        ...

    def verify_now(self) -> None:
        """Check the same now, before a step that no rollback can undo.

        Raises:
            StartOver: the lab was switched or reset.
        """
        ...

    def commit(self, record: Record | None) -> None:
        """Commit; ``record``, if any, is written as a part of the transaction.

        Raises:
            CommitUnknown: the connection was lost while COMMIT was on its way.
        """
        ...

    def rollback(self) -> None:
        """Roll back the open transaction, if any; the server has done so for a dead connection."""
        ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """A customer's request; a workload adds its own fields in a subclass.

    The lab, and never the customer, fills in the fields with the metadata ``INTERNAL``.

    Attributes:
        customer_id: the customer.
        id: the id of the booking, from its start, before the database knows of it.
        generation: the lab's count of resets when the booking began. A row that was reset later
            must not accept this booking.
        replaces: the id of the booking that this request moves or cancels; none for a new booking.
        rests_on: the attempt that changed that booking last, when it was looked up. Of two requests
            that rest on the same attempt, at most one is confirmed. None if it is not known.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class DeskRequest(Request):
    ...     floor: int
    ...     desk: str
    ...     given_back: str = field(default="", metadata=INTERNAL)
    >>> asked = DeskRequest(customer_id="ann", floor=1, desk="a")
    >>> asked.action, asked.holder == asked.id
    ('book', True)
    >>> moved = DeskRequest(customer_id="ann", floor=1, desk="b", replaces=asked.id)
    >>> moved.action, moved.holder == asked.id
    ('move', True)
    >>> customer_fields(asked)
    ['floor', 'desk']
    """

    customer_id: str
    id: UUID = field(default_factory=uuid4, metadata=INTERNAL)
    generation: int = field(default=0, metadata=INTERNAL)
    replaces: UUID | None = field(default=None, metadata=INTERNAL)
    rests_on: UUID | None = field(default=None, metadata=INTERNAL)

    @property
    def open(self) -> bool:
        """Whether it names no particular thing, so that one has to be chosen when it is booked."""
        return False

    @property
    def action(self) -> str:
        """``book``, ``move`` or ``cancel``."""
        return "move" if self.replaces else "book"

    @property
    def holder(self) -> UUID:
        """The id that the booked things are held under; a move does not change it."""
        return self.replaces or self.id


def customer_fields(request: Request) -> list[str]:
    """Return the names of the fields that a customer fills in, except ``customer_id``."""
    return [
        one.name
        for one in fields(request)
        if one.name != "customer_id" and not one.metadata.get("internal")
    ]


class Record(Protocol):
    """A row about one or more bookings that is written in their transaction."""

    def statement(self) -> tuple[str, Mapping[str, object]]:
        """Return the INSERT and its parameters."""
        ...


class Bookable(Protocol):
    """The functions that every strategy uses to book. They contain no concurrency control.

    A workload may also implement protocols of ``booking_lab.core.capability``.
    """

    name: str

    def scope(self, request: Any) -> str:
        """Return the part of the workload that one reset clears, such as an event's id."""
        ...

    def subject(self, request: Any) -> str:
        """Return a short name of the contended thing, such as ``A1``."""
        ...

    def anchors(self, request: Any) -> Sequence[Anchor]:
        """Return the rows that the request contends for, in any order."""
        ...

    def read(self, session: Session, request: Any) -> Any:
        """Read the state that ``decide`` needs.

        Raises:
            NotFound: the request names something that does not exist.
        """
        ...

    def decide(self, state: Any, request: Any) -> Any:
        """Return the change to write. A pure function.

        Raises:
            Refused: the state doesn't allow the booking.
        """
        ...

    def write(self, session: Session, request: Any, change: Any) -> int:
        """Make the change and insert the booking in one statement, without a check of the state.

        Returns:
            The id of the booking's row.

        Raises:
            Superseded: the scope was reset since the booking began.
        """
        ...
