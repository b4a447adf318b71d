"""What is booked: the interface of a workload."""

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
    """One database connection as the core and the workloads see it."""

    @property
    def process_id(self) -> int:
        """PostgreSQL's process id of this session."""
        ...

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows; raises the lab's errors, never the driver's."""
        ...

    def mark_altered(self) -> None:
        """Expect anything of what follows: whoever has the connection next finds it as it was."""
        ...

    def require_same_transaction(self) -> None:
        """Have COMMIT fail unless the open transaction, and all written in it, is there then."""
        ...

    def release_connection(self) -> None:
        """Hold no connection until the next statement: something else is waited for."""
        ...

    def acquire_connection(self) -> None:
        """Have a connection again, before it is needed.

        Raises:
            PoolTimeout: none came free in time.
        """
        ...

    def begin(self, isolation: str | None) -> None:
        """Open a transaction; it travels with the next statement.

        Raises:
            StartOver: the lab was switched or reset since the booking began.
        """
        ...

    def verify_with_next(self) -> None:
        """Find out whether the lab is still what it was when the bookings at hand began.

        Raises:
            StartOver: it was switched or reset.
        """
        ...

    def verify_now(self) -> None:
        """Find out the same now, before something is done that no transaction undoes.

        Raises:
            StartOver: it was switched or reset.
        """
        ...

    def commit(self, record: Record | None) -> None:
        """Commit; with ``record``, that booking's row is part of the transaction.

        Raises:
            CommitUnknown: the connection was lost while COMMIT was on its way.
        """
        ...

    def rollback(self) -> None:
        """Undo the open transaction, if any; a dead connection has done so already."""
        ...


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a customer asks for; a workload adds its own fields.

    A field whose metadata says ``internal`` is filled in by the lab, never by the customer.

    Attributes:
        customer_id: who asks.
        id: identifies the booking from its start, before the database knows of it.
        generation: the lab's count of resets when the booking began; what was reset since
            must not take this booking any more.
        replaces: the booking that this one moves or cancels; none: a new booking.
        rests_on: the attempt that made that booking what it was when it was looked up. Two that
            rest on the same can't both be confirmed. None: nobody says.

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
        """Whether it names no thing, so that whoever books has to choose one."""
        return False

    @property
    def action(self) -> str:
        """``book``, ``move`` or ``cancel``."""
        return "move" if self.replaces else "book"

    @property
    def holder(self) -> UUID:
        """The id under which the things are held: it stays the same when a booking is moved."""
        return self.replaces or self.id


def customer_fields(request: Request) -> list[str]:
    """The names of the fields that a customer fills in to say what it wants."""
    return [
        one.name
        for one in fields(request)
        if one.name != "customer_id" and not one.metadata.get("internal")
    ]


class Record(Protocol):
    """A row about a booking that is written in the booking's own transaction."""

    def statement(self) -> tuple[str, Mapping[str, object]]:
        """The INSERT and its parameters."""
        ...


class Bookable(Protocol):
    """What is booked. Knows nothing of how the check-then-act is kept safe.

    What else it can do, it says by implementing protocols of ``booking_lab.core.capability``.
    """

    name: str

    def scope(self, request: Any) -> str:
        """What a reset clears as one, such as an event's id."""
        ...

    def subject(self, request: Any) -> str:
        """The contended thing in a word, such as ``A1``."""
        ...

    def anchors(self, request: Any) -> Sequence[Anchor]:
        """The rows that the request contends for, in any order."""
        ...

    def read(self, session: Session, request: Any) -> Any:
        """Read what ``decide`` needs.

        Raises:
            NotFound: the request names something that isn't there.
        """
        ...

    def decide(self, state: Any, request: Any) -> Any:
        """Say what shall change; pure.

        Raises:
            Refused: the state doesn't allow the booking.
        """
        ...

    def write(self, session: Session, request: Any, change: Any) -> int:
        """Make the change and insert the booking in one statement, whatever the state is by now.

        Returns the booking's id.

        Raises:
            Superseded: the scope was reset since the booking began.
        """
        ...
