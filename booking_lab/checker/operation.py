"""What the checker reasons about: an operation with an interval and an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

from booking_lab.core.workload import Request

#: Fields of a request that tell one customer's wish from another's like it.
_NAMES = {"customer_id", "id", "generation", "rests_on"}


class Effect(StrEnum):
    """What an operation has done, as its answer tells.

    ``HAPPENED``: it took effect at one moment between invocation and answer. ``REFUSED``: at one
    moment in between, the state did not allow it. ``POSSIBLE``: nobody knows; it took effect at
    some moment after its invocation, or never will. ``NONE``: nothing was done, nothing was seen.
    """

    HAPPENED = "happened"
    REFUSED = "refused"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(slots=True, eq=False)
class Operation:
    """A booking, a move, a cancellation or a reset, from its invocation to its answer.

    Attributes:
        process: who asked: one logical client, which asks once; a booking's is its request's id.
        action: ``book``, ``move``, ``cancel`` or ``reset``.
        workload: the name of what is booked.
        scope: what a reset clears as one.
        database: which database it was made on.
        invoked: when it began, in nanoseconds of the recording machine's monotonic clock.
        line: the line of its invocation in the file.
        request: what was asked for; none for a reset.
        anchors: the names of the rows that it contends for.
        subject: the thing in a word.
        strategy, worker: how and where it was booked.
        returned: when it was answered; none: it wasn't.
        effect: what the answer tells.
        outcome: the answer in the lab's word, such as ``refused``; empty: there was none.
        code, message: the reason.
        booking_id: the booking's number in the database.
        answered_at: the position in the file behind its answer, in bytes.
        available: for a reset, what it has left, as ``fresh`` of the workload takes it.
    """

    process: str
    action: str
    workload: str
    scope: str
    database: str
    invoked: int
    line: int = 0
    request: Request | None = None
    anchors: tuple[str, ...] = ()
    subject: str = ""
    strategy: str = ""
    worker: str = ""
    returned: int | None = None
    effect: Effect = Effect.POSSIBLE
    outcome: str = ""
    code: str = ""
    message: str = ""
    booking_id: int | None = None
    answered_at: int | None = None
    available: Mapping[str, Any] = field(default_factory=dict)

    @property
    def request_key(self) -> object:
        """What is asked for, whoever asks: operations with the same wish are interchangeable."""
        if self.request is None:
            return self
        return (
            type(self.request),
            *(getattr(self.request, f.name) for f in fields(self.request) if f.name not in _NAMES),
        )

    @property
    def customer(self) -> str:
        """Who asked, for a reader."""
        return self.request.customer_id if self.request else "admin"

    @property
    def id(self) -> UUID | None:
        """The request's id, by which the database knows it."""
        return self.request.id if self.request else None

    @property
    def unassigned(self) -> bool:
        """Whether it names nothing, and nobody has chosen for it: it may be about anything."""
        return bool(self.request and self.request.open)
