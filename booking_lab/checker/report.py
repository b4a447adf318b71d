"""The report of a check as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from booking_lab.checker.drawing import draw, state_in_words
from booking_lab.checker.operation import Operation
from booking_lab.checker.verdict import OrderProblem, Report
from booking_lab.core.verdict import Verdict

#: Problems that the text shows at most; the JSON has all of them.
_DRAWN = 5
_LISTED = 10


def as_text(report: Report) -> Iterator[str]:
    """Yield the report line by line, the verdict last."""
    yield from _recorded(report)
    yield from _order(report)
    yield from _database(report)
    if report.interrupted:
        yield "Interrupted; the rest was not checked."
    for problem in report.problems[:_DRAWN]:
        yield ""
        yield from _drawn(problem)
    if len(report.problems) > _DRAWN:
        yield ""
        yield f"... and {len(report.problems) - _DRAWN} more; --json has them all."
    yield ""
    yield f"Verdict: {report.verdict}"
    if report.verdict is not Verdict.WRONG:
        for doubt in report.doubts[:_LISTED]:
            yield f"  {doubt}"


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object; times are in nanoseconds, as recorded."""
    return {
        "verdict": report.verdict,
        "operations": report.operations,
        "outcomes": dict(report.outcomes),
        "workers": report.workers,
        "seconds": report.seconds,
        "truncated": report.truncated,
        "interrupted": report.interrupted,
        "checked": report.checked,
        "groups": report.groups,
        "overlapping": report.overlapping,
        "unchecked": dict(report.unchecked),
        "problems": [_problem(problem) for problem in report.problems],
        "undecided": [
            {
                "workload": one.workload,
                "scope": one.scope,
                "anchors": list(one.anchors),
                "operations": one.operations,
                "reason": one.reason,
            }
            for one in report.undecided
        ],
        "doubts": report.doubts if report.verdict is not Verdict.WRONG else [],
        "database": _comparison(report),
    }


def _recorded(report: Report) -> Iterator[str]:
    outcomes = ", ".join(f"{many} {word}" for word, many in report.outcomes.most_common())
    yield (
        f"Recorded: {_count(report.operations, 'operation')} by {_count(report.workers, 'worker')} "
        f"within {report.seconds:.1f} s: {outcomes or 'none'}."
    )
    if report.truncated:
        yield "Some lines were not written to their end; what they answer counts as not answered."


def _order(report: Report) -> Iterator[str]:
    yield (
        f"Order: checked {_count(report.checked, 'answer')} in {_count(report.groups, 'group')} of "
        f"anchors; {_count(report.overlapping, 'operation')} began while another one was in the "
        f"way."
    )
    for reason, many in report.unchecked.items():
        yield f"  not checked, {_count(many, 'operation')}: {reason}"
    for one in report.undecided[:_LISTED]:
        about = f"{_count(one.operations, 'operation')} on {_first_few(one.anchors)}"
        yield f"  not decided, {about}: {one.reason}"


def _database(report: Report) -> Iterator[str]:
    found = report.database
    if found is None:
        yield f"Database: not asked; {report.not_asked or 'there was no time'}"
        return
    many = len(found.disagreements)
    agrees = f"it does not agree, {_count(many, 'time')}:" if many else "it agrees."
    yield f"Database: compared {_count(found.compared, 'answer')}; {agrees}"
    for one in found.disagreements[:_LISTED]:
        yield f"  {one.kind}: {one.workload} {one.scope}, {one.subject}: {one.detail}"
    if many > _LISTED:
        yield f"  ... and {many - _LISTED} more; --json has them all."
    for reason in found.left_out:
        yield f"  not compared: {reason}"


def _drawn(problem: OrderProblem) -> Iterator[str]:
    found = problem.counterexample
    where = f"{problem.workload} {problem.scope}, {_first_few(problem.anchors)}"
    yield f"{problem.kind.upper()}: {where}"
    yield f"No order explains {_what(problem)}:"
    yield from (f"  {line}" for line in draw(problem.operations, problem.stuck))
    sort = "" if found.refusals_matter else " of confirmed ones"
    yield (
        f"  The longest order{sort} ends after {found.result.placed:,}: next is "
        f"{_name(problem.stuck)}, and the state is {state_in_words(found.result.state)}"
    )


def _what(problem: OrderProblem) -> str:
    few = sum(one.request is not None for one in problem.operations)
    others = problem.of - few
    if not problem.counterexample.all_needed:
        sort = "all" if problem.counterexample.refusals_matter else "even the confirmed ones of"
        return f"{sort} {problem.of:,} answers there; these were under way where it ends"
    what = f"these {few} answers" if few > 1 else "this answer"
    return what + (f", whatever the other {others:,} there came to" if others else "")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _first_few(anchors: Any) -> str:
    names = list(anchors)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _name(operation: Operation) -> str:
    return f"{operation.customer}'s {operation.action} of {operation.subject}"


def _problem(problem: OrderProblem) -> dict[str, Any]:
    return {
        "kind": problem.kind,
        "workload": problem.workload,
        "scope": problem.scope,
        "anchors": list(problem.anchors),
        "operations": [_operation(one) for one in problem.operations],
        "all_needed": problem.counterexample.all_needed,
        "of": problem.of,
        "explained": problem.counterexample.result.placed,
        "stuck": problem.stuck.process,
        "state": state_in_words(problem.counterexample.result.state),
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "process": operation.process,
        "f": operation.action,
        "customer": operation.customer,
        "subject": operation.subject,
        "strategy": operation.strategy,
        "worker": operation.worker,
        "invoked": operation.invoked,
        "returned": operation.returned,
        "outcome": operation.outcome,
        "code": operation.code,
        "message": operation.message,
        "booking_id": operation.booking_id,
        "line": operation.line,
    }


def _comparison(report: Report) -> dict[str, Any]:
    found = report.database
    if found is None:
        return {"asked": False, "why": report.not_asked or "there was no time"}
    return {
        "asked": True,
        "compared": found.compared,
        "disagreements": [
            {
                "kind": str(one.kind),
                "workload": one.workload,
                "scope": one.scope,
                "subject": one.subject,
                "detail": one.detail,
            }
            for one in found.disagreements
        ],
        "left_out": list(found.left_out),
    }
