"""Operations of a history, each with an interval of time and an effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

from booking_lab.core.workload import Request

#: Fields in which requests for the same things differ.
_NAMES = {"customer_id", "id", "generation", "rests_on"}


class Effect(StrEnum):
    """The effect of an operation, as far as its answer shows.

    ``HAPPENED``: it took effect at one moment between invocation and answer. ``REFUSED``: at one
    moment in between, the state did not allow it. ``POSSIBLE``: not known; it took effect at some
    moment after its invocation, or never will. ``NONE``: it changed nothing and observed nothing.
    """

    HAPPENED = "happened"
    REFUSED = "refused"
    POSSIBLE = "possible"
    NONE = "none"


@dataclass(slots=True, eq=False)
class Operation:
    """A booking, a move, a cancellation or a reset, from its invocation to its answer.

    Attributes:
        process: the logical client, one for each operation; for a booking, its request's id.
        action: ``book``, ``move``, ``cancel`` or ``reset``.
        workload: the name of the workload.
        scope: the part of the workload that one reset clears.
        database: the identity of the database.
        invoked: the time of its begin, in nanoseconds of the recording machine's monotonic clock.
        line: the line of its invocation in the file.
        request: the request; none for a reset.
        anchors: the names of the rows that it contends for.
        subject: a short name of the thing.
        strategy, worker: the strategy, and the worker that booked it.
        returned: the time of its answer; none without an answer.
        effect: the effect by the answer.
        outcome: the outcome of the booking, such as ``refused``; empty without an answer.
        code, message: the reason of the outcome.
        booking_id: the booking's number in the database.
        answered_at: the position in the file behind its answer, in bytes.
        available: for a reset, the facts after it, for ``fresh`` of the workload.
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
        """The things that are asked for; operations with equal keys are interchangeable."""
        if self.request is None:
            return self
        return (
            type(self.request),
            *(getattr(self.request, f.name) for f in fields(self.request) if f.name not in _NAMES),
        )

    @property
    def customer(self) -> str:
        """The customer, for a reader."""
        return self.request.customer_id if self.request else "admin"

    @property
    def id(self) -> UUID | None:
        """The id of the request in the database."""
        return self.request.id if self.request else None

    @property
    def unassigned(self) -> bool:
        """Whether it names no thing and none was chosen for it; it may concern any thing."""
        return bool(self.request and self.request.open)
