"""The state before the first move: the standing bookings, and the task of each booker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from booking_lab.core.booking import Booking
from booking_lab.core.capability import Capability, SupportsChoice, SupportsConstraint
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import ChangeRequest, Scenario
from booking_lab.core.strategy import Strategy
from booking_lab.core.workload import Request, Row, Session
from booking_lab.db.ledger import ConfirmedRows
from booking_lab.errors import InvalidRequest, Refused

#: The first of the ids for the choices of an open request.
_FIRST_CHOICE = 0xD00

Statement = tuple[str, Mapping[str, object]]


@dataclass(frozen=True)
class Task:
    """The task of one booker.

    Attributes:
        request: the request; for a change, the request that a look-up before the first move gives.
        look_up: looks up the booking to be changed, and returns the request; none: a new booking.
        choices: for an open request, the requests that it can become, in the order of choice.
    """

    request: Request
    look_up: Callable[[Session], Request] | None = None
    choices: Sequence[Request] = ()


class StartingState:
    """Makes the standing bookings once, and records the statements.

    Attributes:
        standing: the requests of the standing bookings.
        statements: the statements that make them again.
        tasks: the task of each booker.

    Args:
        session: a session in a database without bookings.
        workload: the workload.
        scenario: the standing bookings, and the requests of the bookers.
        strategy: the strategy of the standing bookings.
    """

    def __init__(
        self, session: Session, workload: LabWorkload, scenario: Scenario, strategy: Strategy
    ) -> None:
        self._session = session
        self._workload = workload
        recorder = _Recorder(session)
        self.standing = standing = [replace(one, generation=1) for one in scenario.existing]
        for request in standing:
            change = workload.decide(workload.read(session, request), request)
            if Capability.CONSTRAINT in strategy.needs and isinstance(workload, SupportsConstraint):
                workload.claim(cast(Session, recorder), request, change)
            else:
                workload.write(cast(Session, recorder), request, change)
        self.tasks: Sequence[Task] = [
            self._change(ask)
            if isinstance(ask, ChangeRequest)
            else Task(ask, choices=self._choices(ask))
            for ask in scenario.requests
        ]
        made = [Booking(workload, one, strategy, {}, 1, 0.0, "", "", tries=1) for one in standing]
        confirmations = [ConfirmedRows([booking]).statement() for booking in made]
        self.statements: Sequence[Statement] = [*recorder.sent, *confirmations]

    def _change(self, ask: ChangeRequest) -> Task:
        changes = self._accepted_changes(ask)

        def look_up(session: Session) -> Request:
            return self._workload.change(session, ask.of.id, changes)

        return Task(look_up(self._session), look_up)

    def _choices(self, request: Request) -> Sequence[Request]:
        """Return the choices of an open request, as if it were repeated until nothing is left."""
        choices: list[Request] = []
        if not (request.open and isinstance(self._workload, SupportsChoice)):
            return choices
        self._session.begin(None)
        with suppress(Refused):
            while True:
                anew = replace(request, id=UUID(int=_FIRST_CHOICE + len(choices)), generation=1)
                one: Request = self._workload.choose(self._session, anew)
                change = self._workload.decide(self._workload.read(self._session, one), one)
                self._workload.write(self._session, one, change)
                choices.append(one)
        self._session.rollback()
        return choices

    def _accepted_changes(self, ask: ChangeRequest) -> Mapping[str, Any] | None:
        """Return the changes of ``ask``, without the fields that the workload can't change.

        Raises:
            InvalidRequest: the workload can change none of them.
        """
        wanted = ask.changes
        if wanted is None or self._is_accepted(ask, wanted):
            return wanted
        some = {n: v for n, v in wanted.items() if self._is_accepted(ask, {n: v})}
        if not some:
            raise InvalidRequest(
                f"No field of {self._workload.name} can be changed, of {', '.join(wanted)}."
            )
        return some

    def _is_accepted(self, ask: ChangeRequest, changes: Mapping[str, Any]) -> bool:
        try:
            self._workload.changing(self._session, ask.of.id, changes)
        except (InvalidRequest, ValueError):
            return False
        return True


class _Recorder:
    """Passes statements on to a session, and records them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.sent: list[Statement] = []

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        self.sent.append((statement, dict(parameters or {})))
        return self._session.execute(statement, parameters)
