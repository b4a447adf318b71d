"""The test of order: can the answers of a schedule have been given one after the other?

What is sold twice is found in the tables. What was refused is found nowhere: whether there was
nothing left is for the model of the workload to say, as in the checker of recorded histories. The
moves of the schedule are the times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from booking_lab.checker.linearize import Found, linearize
from booking_lab.checker.model import Model, Modelled
from booking_lab.checker.operation import Effect, Operation
from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import Finding, LabWorkload
from booking_lab.core.strategy import Anomaly
from booking_lab.core.workload import Request
from booking_lab.explorer.recording.schedule_run import DIED, BookerAnswer

_EFFECTS: Mapping[str, Effect] = {
    Outcome.CONFIRMED: Effect.HAPPENED,
    Outcome.REFUSED: Effect.REFUSED,
}
#: Those that nobody was told; what became of them, the tables say.
_WITHOUT_ANSWER = {Outcome.UNKNOWN, DIED}


class OrderTest:
    """Tests the answers of schedules that all begin with the same.

    Args:
        workload: what is booked; without a model of it, nothing is tested.
        standing: the bookings that stand at the beginning.
        left: by scope, what the workload's ``fresh`` takes.
        choices: by booker, what those who leave it open can be given, one after the other.
    """

    def __init__(
        self,
        workload: LabWorkload,
        standing: Sequence[Request],
        left: Mapping[str, Mapping[str, Any]],
        choices: Mapping[str, Sequence[Request]],
    ) -> None:
        self._workload = workload
        self._standing = standing
        self._left = left
        self._choices = choices
        self._known: dict[object, list[str]] = {}

    def findings(self, answers: Mapping[str, BookerAnswer], stand: set[str]) -> Iterator[Finding]:
        """Yield what no order explains: refusals, or else the answers that were not refusals.

        Args:
            answers: what the bookers were told.
            stand: the ids of the requests that the tables say were confirmed.
        """
        if not isinstance(self._workload, Model):
            return
        answers = {name: _resolved(one, stand) for name, one in answers.items()}
        for scope, left in self._left.items():
            here = {
                name: one
                for name, one in answers.items()
                if self._workload.scope(one.request) == scope
            }
            for name in self._unexplained(here, left):
                yield self._finding(scope, name, answers)

    def _finding(self, scope: str, name: str, answers: Mapping[str, BookerAnswer]) -> Finding:
        if not name:
            detail = "no order of the bookings explains the answers"
            return Finding(Anomaly.WRONG_ANSWER, scope, "answers", detail)
        ending = answers[name].ending
        return Finding(
            Anomaly.REFUSED_WHILE_FREE,
            scope,
            self._workload.subject(answers[name].request),
            f"{name} was told {ending.code}, and in no order of the bookings was that so",
        )

    def _unexplained(
        self, answers: Mapping[str, BookerAnswer], left: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the names of those whose refusals nothing explains; an empty one: it is others."""
        if all(
            one.request.action == "book" and one.ending.outcome != Outcome.REFUSED
            for one in answers.values()
        ):
            return []  # who has what is in the tables
        key = tuple(_pattern(name, one, answers) for name, one in answers.items())
        if key not in self._known:
            test = _SingleTest(self._workload, self._standing, left, self._choices, answers)
            self._known[key] = test.run()
        return self._known[key]


def _resolved(one: BookerAnswer, stand: set[str]) -> BookerAnswer:
    """Return the answer that those would have got who got none."""
    if one.ending.outcome not in _WITHOUT_ANSWER:
        return one
    outcome = Outcome.CONFIRMED if str(one.request.id) in stand else Outcome.ERROR
    return replace(one, ending=replace(one.ending, outcome=outcome))


def _pattern(name: str, one: BookerAnswer, answers: Mapping[str, BookerAnswer]) -> object:
    """What the test depends on: what was asked and answered, and who had ended before."""
    before = tuple(other for other, its in answers.items() if its.ended < one.began)
    return name, repr(one.request), one.ending.outcome, before


class _SingleTest:
    """One test; see ``OrderTest``."""

    def __init__(
        self,
        workload: Any,
        standing: Sequence[Request],
        left: Mapping[str, Any],
        choices: Mapping[str, Sequence[Request]],
        answers: Mapping[str, BookerAnswer],
    ) -> None:
        self._operations = {name: _operation(workload, name, one) for name, one in answers.items()}
        already = [_booked(workload, request) for request in standing]
        self._choices = {
            name: [_booked(workload, one) for one in choices.get(name, ())] for name in answers
        }
        could = [one for some in self._choices.values() for one in some]
        there = [*already, *could, *self._operations.values()]
        named = [one for one in there if one.request and not one.request.open]
        self._model = Modelled(workload, named)
        self._only_takes = self._model.only_takes
        self._state = self._model.fresh(left)
        for one in already:
            self._state = self._model.step(self._state, one)

    def run(self) -> list[str]:
        """Return the names of those whose refusals nothing explains; an empty one: others."""
        done = [one for one in self._operations.values() if one.effect is not Effect.REFUSED]
        refused = {n: one for n, one in self._operations.items() if one.effect is Effect.REFUSED}
        if not self._is_ordered(done):
            return [""]
        alone = [name for name, one in refused.items() if not self._is_ordered([*done, one])]
        if alone or self._is_ordered([*done, *refused.values()]):
            return alone
        return list(refused)  # each could have been so, and not all of them

    def _is_ordered(self, operations: Sequence[Operation]) -> bool:
        result = linearize(operations, self._state, self._step, only_takes=self._only_takes)
        return result.found is not Found.NO_ORDER

    def _step(self, state: Any, operation: Operation) -> Any | None:
        if operation.request and operation.request.open:
            # It was given nothing: so nothing that it could have been given was there.
            could = (self._model.step(state, one) for one in self._choices[operation.process])
            return next((after for after in could if after is not None), None)
        return self._model.step(state, operation)


def _operation(workload: Any, name: str, one: BookerAnswer) -> Operation:
    return replace(
        _booked(workload, one.request),
        process=name,
        invoked=2 * one.began,
        returned=2 * one.ended + 1,
        effect=_EFFECTS.get(one.ending.outcome, Effect.NONE),
    )


def _booked(workload: Any, request: Request) -> Operation:
    return Operation(
        str(request.id), request.action, workload.name, workload.scope(request), "", 0,
        request=request, effect=Effect.HAPPENED,
    )  # fmt: skip
