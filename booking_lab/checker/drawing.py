"""Draws operations as time lines in text, one on each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from booking_lab.checker.operation import Effect, Operation

#: Operations that are drawn at most: the first ones and the last ones.
_MAX_DRAWN = 24
_BAR = 40
_LONGEST = 100


def draw(operations: Sequence[Operation], stuck: Operation | None = None) -> list[str]:
    """Return one line for each operation: customer, action, interval and result.

    Args:
        operations: the operations in the order of the lines.
        stuck: the operation to mark.
    """
    if not operations:
        return []
    times = [time for one in operations for time in (one.invoked, one.returned) if time is not None]
    begin, end = min(times), max(times)
    shown = list(operations)
    if len(shown) > _MAX_DRAWN:
        shown = [*shown[: _MAX_DRAWN // 2], *shown[-_MAX_DRAWN // 2 :]]
    numbers = _differing(shown)
    labels = [_label(one, numbers) for one in shown]
    width = max(map(len, labels))
    scale = f"{(end - begin) / 1e6:.1f} ms"
    lines = [f"{'':{width}}     0{scale:>{_BAR - 1}}"]
    for label, one in zip(labels, shown, strict=True):
        mark = "▸" if one is stuck else " "
        lines.append(f"{label:{width}}  {mark}  {_bar(one, begin, end)}  {_result_text(one)}")
    if len(shown) < len(operations):
        lines.insert(
            1 + _MAX_DRAWN // 2, f"{'':{width}}     ... {len(operations) - _MAX_DRAWN} more ..."
        )
    return lines


def state_in_words(state: Any) -> str:
    """Return a short text of a state."""
    parts = [str(part) for part in state] if isinstance(state, tuple) else [str(state)]
    text = ", ".join(parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _differing(operations: Sequence[Operation]) -> list[str]:
    """Return the fields with numbers, such as quantities, in which the requests differ."""
    requests = [one.request for one in operations if one.request]
    return [
        one.name
        for one in (fields(requests[0]) if requests else ())
        if not one.metadata.get("internal")
        and len({getattr(request, one.name, None) for request in requests}) > 1
        and isinstance(getattr(requests[0], one.name), (int, Decimal))
    ]


def _label(operation: Operation, numbers: Sequence[str]) -> str:
    what = f"{operation.customer}: {operation.action} {operation.subject}".rstrip()
    for name in numbers:
        what += f", {name} {getattr(operation.request, name, '')}"
    return what if len(what) <= _BAR else f"{what[:_BAR]}..."


def _bar(operation: Operation, begin: int, end: int) -> str:
    def place(time: int) -> int:
        return round((time - begin) / max(1, end - begin) * (_BAR - 1))

    left = place(operation.invoked)
    if operation.returned is None:
        return f"{'├':>{left + 1}}".ljust(_BAR, "─")
    right = place(operation.returned)
    if right == left:
        return f"{'│':>{left + 1}}".ljust(_BAR)
    return f"{'├':>{left + 1}}{'─' * (right - left - 1)}┤".ljust(_BAR)


def _result_text(operation: Operation) -> str:
    if operation.action == "reset":
        return "reset" if operation.effect is Effect.HAPPENED else "reset, perhaps"
    if operation.effect is Effect.HAPPENED:
        return f"{operation.outcome}, booking {operation.booking_id}, line {operation.line}"
    if operation.effect is Effect.REFUSED:
        return f"refused, saw: {operation.message or operation.code} (line {operation.line})"
    return f"{operation.outcome or 'not answered'}, line {operation.line}"
