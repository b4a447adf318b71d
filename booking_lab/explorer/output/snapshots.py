"""Snapshots of each booker after each move: its position, its locks, and the state that it read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from booking_lab.checker.drawing import state_in_words
from booking_lab.core.step import StepKind, StepName
from booking_lab.explorer.output.timeline import Timeline
from booking_lab.explorer.output.wording import is_lease, lock_name
from booking_lab.explorer.recording.schedule_run import DIED, MoveEvent, ScheduleRun

#: Entries of ``holds`` that end with the transaction.
_TRANSACTION = "an open transaction"
_WRITTEN = "the rows it has written"


@dataclass(frozen=True)
class BookerSnapshot:
    """One booker after a move.

    Attributes:
        stands: its next step, its wait, or its end.
        holds: locks and rows that others may have to wait for.
        saw: the state that it read last.
    """

    stands: str
    holds: tuple[str, ...] = ()
    saw: str = ""


@dataclass
class _BookerSoFar:
    """The state of a booker after the moves so far."""

    name: str
    moves: list[int]  # the numbers of its further moves
    leases: list[str] = field(default_factory=list)  # its locks in Redis
    memory: list[str] = field(default_factory=list)  # its locks in the process
    in_transaction: list[str] = field(default_factory=list)
    saw: str = ""
    last: MoveEvent | None = None
    dead: bool = False


def snapshots(schedule_run: ScheduleRun, drawn: Timeline) -> Iterator[dict[str, BookerSnapshot]]:
    """Yield the snapshots of all bookers before the first move, and then after each move."""
    bookers = {
        name: _BookerSoFar(
            name, [n for n, one in enumerate(schedule_run.events, 1) if one.move.actor == name]
        )
        for name in drawn.endings
    }
    yield _snapshots(bookers, schedule_run, drawn, 0)
    for number, event in enumerate(schedule_run.events, start=1):
        if event.move.is_by_booker:
            booker = bookers[event.move.actor]
            booker.moves.pop(0)
            booker.last = event
            if not event.waits_for or event.until == number:
                _apply_step(booker, event)
        else:
            _apply_strike(event, bookers, schedule_run)
        for waiting in bookers.values():
            last = waiting.last
            if last and last is not event and last.waits_for and last.until == number:
                _apply_step(waiting, last)
        yield _snapshots(bookers, schedule_run, drawn, number)


def _apply_step(booker: _BookerSoFar, event: MoveEvent) -> None:
    """Apply the effects of a step that is done."""
    step, messages = event.move.what, event.messages
    failed = any(message.error for message in messages)
    if event.saw is not None:
        booker.saw = state_in_words(event.saw)
    leases = [lock_name(one) for one in messages if is_lease(event, one)]
    if step == StepKind.RELEASE and event.name is not StepName.ROLLBACK:
        booker.leases = [name for name in booker.leases if name not in leases]
        booker.memory = [name for name in booker.memory if name != event.detail]
    elif step == StepKind.ACQUIRE and not messages and not event.note:
        booker.memory.append(event.detail)
    elif step == StepKind.ACQUIRE and leases:
        booker.leases += leases if messages[0].rows and messages[0].rows[0][0] == 1 else []
    elif step in {StepKind.COMMIT, StepKind.RELEASE}:
        booker.in_transaction = []
    if any(message.begins for message in messages):
        booker.in_transaction = [_TRANSACTION]
    if booker.in_transaction and not failed:
        if step == StepKind.ACQUIRE:
            booker.in_transaction.append(event.detail)
        elif step == StepKind.WRITE and _WRITTEN not in booker.in_transaction:
            booker.in_transaction.append(_WRITTEN)


def _apply_strike(
    event: MoveEvent, bookers: dict[str, _BookerSoFar], schedule_run: ScheduleRun
) -> None:
    for booker in bookers.values():
        if event.move.actor == "death" and schedule_run.endings[booker.name].outcome == DIED:
            booker.dead, booker.memory, booker.in_transaction = True, [], []
        elif event.move.actor == "flush" or str(event.move) == f"expiry:{booker.name}":
            booker.leases = []


def _snapshots(
    bookers: dict[str, _BookerSoFar], schedule_run: ScheduleRun, drawn: Timeline, number: int
) -> dict[str, BookerSnapshot]:
    return {
        name: BookerSnapshot(
            _position(booker, schedule_run.events, drawn, number),
            (*booker.memory, *booker.leases, *booker.in_transaction),
            booker.saw,
        )
        for name, booker in bookers.items()
    }


def _position(
    booker: _BookerSoFar, events: Sequence[MoveEvent], drawn: Timeline, number: int
) -> str:
    last = booker.last
    if booker.dead:
        return "dead"
    if last and last.waits_for and (not last.until or last.until > number):
        return f"waits for {' and '.join(last.waits_for)}"
    if booker.moves:
        return f"before its {events[booker.moves[0] - 1].move.what}"
    return drawn.endings[booker.name]
