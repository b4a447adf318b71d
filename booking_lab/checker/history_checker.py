"""The checker of a history: it checks each group of operations for an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from booking_lab.checker.counterexample import Counterexample, find_counterexample
from booking_lab.checker.linearize import BUDGET, SearchOutcome, SearchResult, linearize
from booking_lab.checker.model import Model, ModelAdapter, ModelFault
from booking_lab.checker.operation import Effect, Operation
from booking_lab.checker.parsed_history import History, by_scope
from booking_lab.checker.partition import Group, count_overlapping, partition
from booking_lab.checker.verdict import OrderProblem, ProblemKind, Report, Undecided
from booking_lab.workloads import Workloads

Progress = Callable[[int], None]


class HistoryChecker:
    """Checks one history.

    Args:
        history: the parsed history.
        workloads: the workloads that can occur in it.
        budget: steps of the search in one group, in addition to one for each operation.
        progress: called from time to time with the number of checked operations.

    Attributes:
        report: the results so far.
    """

    def __init__(
        self,
        history: History,
        workloads: Workloads,
        *,
        budget: int = BUDGET,
        progress: Progress = lambda _done: None,
    ) -> None:
        self._history = history
        self._workloads = workloads
        self._budget = budget
        self._progress = progress
        self._done = 0
        self.report = _summary(history)

    def run(self) -> Report:
        """Check every group; ``report`` has each result immediately."""
        self.report.overlapping = count_overlapping(self._history.operations)
        for group in self._groups():
            self._check(group)
            self._done += len(group.operations)
            self._progress(self._done)
        return self.report

    def _groups(self) -> Iterator[Group]:
        for (database, workload, scope), operations in by_scope(self._history):
            if not isinstance(self._workloads.get(workload), Model):
                why = f"{workload} have no model (decide, apply and fresh)"
                self.report.unchecked[why] += _bookings(operations)
                continue
            sighted = [one for one in operations if not _is_refused_choice(one)]
            if len(sighted) < len(operations):
                why = "refused without having named anything"
                self.report.unchecked[why] += len(operations) - len(sighted)
            available = self._history.available(database, workload, scope, sighted)
            yield from partition(sighted, available)

    def _check(self, group: Group) -> None:
        many = _bookings(group.operations)
        if group.available is None:
            self.report.unchecked["what was booked before them is not known; reset first"] += many
            return
        try:
            problem = self._search(group)
        except _Undecided as error:
            one = group.operations[0]
            self.report.undecided.append(
                Undecided(one.workload, one.scope, group.anchors, many, str(error))
            )
            return
        self.report.groups += 1
        answered = (Effect.HAPPENED, Effect.REFUSED)
        self.report.checked += sum(
            one.effect in answered for one in group.operations if one.request
        )
        if problem:
            self.report.problems.append(problem)

    def _search(self, group: Group) -> OrderProblem | None:
        """Return the problem of a group; none if it has an order.

        Raises:
            _Undecided: there is no result.
        """
        workload: Any = self._workloads.get(group.operations[0].workload)
        try:
            model = ModelAdapter(workload, group.operations)
            state, takes = model.fresh(group.available), model.only_takes
            result = linearize(
                group.operations,
                state,
                model.step,
                only_takes=takes,
                budget=self._budget,
                progress=lambda placed: self._progress(self._done + placed),
            )
            if result.outcome is SearchOutcome.ORDER:
                return None
            if why := _reason_undecided(group, result):
                raise _Undecided(why)
            counterexample = find_counterexample(
                group.operations, state, model.step, result, only_takes=takes
            )
        except ModelFault as error:
            raise _Undecided(error.message) from error
        return _problem(group, counterexample)


class _Undecided(Exception):
    """It is not known whether there is an order; the message has the reason."""


def _reason_undecided(group: Group, result: SearchResult) -> str:
    """Return the reason why there may be an order nevertheless; empty if there is none."""
    stuck = result.stuck
    assert stuck
    if result.outcome is SearchOutcome.GAVE_UP:
        return f"gave up after {result.steps:,} steps of the search, at line {stuck.line}"
    for one in group.unassigned:
        if one.invoked <= (stuck.returned or 0):
            return (
                f"{one.customer} asked for the best (line {one.line}) and was not answered; "
                f"it is not known whether these were given to this customer"
            )
    return ""


def _problem(group: Group, counterexample: Counterexample) -> OrderProblem:
    one = group.operations[0]
    return OrderProblem(
        kind=_kind(counterexample),
        workload=one.workload,
        scope=one.scope,
        anchors=sorted({anchor for one in counterexample.operations for anchor in one.anchors}),
        counterexample=counterexample,
        of=_bookings(group.operations),
    )


def _kind(counterexample: Counterexample) -> ProblemKind:
    needed = counterexample.operations
    if counterexample.refusals_matter:
        needed = [one for one in needed if one.effect is Effect.REFUSED]
    if counterexample.all_needed and any(one.action == "cancel" for one in needed):
        return ProblemKind.CONTRADICTORY
    return (
        ProblemKind.REFUSED_WHILE_FREE if counterexample.refusals_matter else ProblemKind.SOLD_TWICE
    )


def _bookings(operations: Iterable[Operation]) -> int:
    return sum(one.request is not None for one in operations)


def _is_refused_choice(operation: Operation) -> bool:
    """Return whether it asked for any thing and was refused, which says nothing of one thing."""
    return operation.unassigned and operation.effect is Effect.REFUSED


def _summary(history: History) -> Report:
    report = Report(
        operations=_bookings(history.operations),
        workers=len(history.workers),
        truncated=history.truncated,
    )
    times = [time for one in history.operations for time in (one.invoked, one.returned) if time]
    report.seconds = (max(times) - min(times)) / 1e9 if times else 0.0
    for one in history.operations:
        word = one.outcome or "unknown"
        report.outcomes[word if one.request else f"reset {one.effect}"] += 1
    return report
