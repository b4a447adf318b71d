"""The linearizability test of a schedule: does an order of the bookings explain all answers?

The tables show things that were sold twice. They don't show refusals. The model of the workload
tells whether a refusal was right, as in the checker of recorded histories. The numbers of the moves
are the times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from booking_lab.checker.linearize import SearchOutcome, linearize
from booking_lab.checker.model import Model, ModelAdapter
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
#: Outcomes without an answer; the tables show whether these bookings were made.
_WITHOUT_ANSWER = {Outcome.UNKNOWN, DIED}


class OrderTest:
    """Tests the answers of schedules with the same starting state.

    Args:
        workload: the workload; without a model, nothing is tested.
        standing: the requests of the bookings at the beginning.
        left: the argument for the workload's ``fresh``, by scope.
        choices: the requests that an open request can become, by booker.
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
        """Yield the refusals that no order explains; or one finding on all other answers.

        Args:
            answers: the answers to the bookers, by name.
            stand: the ids of the requests that are confirmed in the tables.
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
            f"{name} was told {ending.code}, which is true in no order of the bookings",
        )

    def _unexplained(
        self, answers: Mapping[str, BookerAnswer], left: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the names of the bookers whose refusals no order explains.

        An empty name stands for answers that are no refusals.
        """
        if all(
            one.request.action == "book" and one.ending.outcome != Outcome.REFUSED
            for one in answers.values()
        ):
            return []  # the tables show everything
        key = tuple(_pattern(name, one, answers) for name, one in answers.items())
        if key not in self._known:
            test = _SingleTest(self._workload, self._standing, left, self._choices, answers)
            self._known[key] = test.run()
        return self._known[key]


def _resolved(one: BookerAnswer, stand: set[str]) -> BookerAnswer:
    """Return the answer, or the answer that a booker without one would have got."""
    if one.ending.outcome not in _WITHOUT_ANSWER:
        return one
    outcome = Outcome.CONFIRMED if str(one.request.id) in stand else Outcome.ERROR
    return replace(one, ending=replace(one.ending, outcome=outcome))


def _pattern(name: str, one: BookerAnswer, answers: Mapping[str, BookerAnswer]) -> object:
    """Return everything that the test depends on: request, outcome, bookers that ended before."""
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
        self._model = ModelAdapter(workload, named)
        self._only_takes = self._model.only_takes
        self._state = self._model.fresh(left)
        for one in already:
            self._state = self._model.step(self._state, one)

    def run(self) -> list[str]:
        """Return the names of the bookers whose refusals no order explains.

        An empty name stands for answers that are no refusals.
        """
        done = [one for one in self._operations.values() if one.effect is not Effect.REFUSED]
        refused = {n: one for n, one in self._operations.items() if one.effect is Effect.REFUSED}
        if not self._is_ordered(done):
            return [""]
        alone = [name for name, one in refused.items() if not self._is_ordered([*done, one])]
        if alone or self._is_ordered([*done, *refused.values()]):
            return alone
        return list(refused)  # each of them alone is explained, but not all together

    def _is_ordered(self, operations: Sequence[Operation]) -> bool:
        result = linearize(operations, self._state, self._step, only_takes=self._only_takes)
        return result.outcome is not SearchOutcome.NO_ORDER

    def _step(self, state: Any, operation: Operation) -> Any | None:
        if operation.request and operation.request.open:
            # It got nothing, so that none of its choices was free.
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
