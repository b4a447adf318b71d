"""Two tiny models, and operations on them: a counter, and rooms that are given back."""

# ruff: noqa: ARG002  # the signatures are those of a workload
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from booking_lab.checker.operation import Effect, Operation
from booking_lab.core.workload import Request
from booking_lab.errors import NotHeld, SoldOut, Taken


@dataclass(frozen=True, kw_only=True)
class Some(Request):
    quantity: int = 1


class Counter:
    """So many are left."""

    bookings_only_take = True

    def decide(self, left: int, request: Some) -> int:
        if left < request.quantity:
            raise SoldOut(f"{left} left")
        return request.quantity

    def apply(self, left: int, request: Some, change: int) -> int:
        return left - change

    def fresh(self, requests: Sequence[Some], available: Mapping[str, int]) -> int:
        return available["left"]


@dataclass(frozen=True, kw_only=True)
class Rooms(Request):
    rooms: tuple[str, ...] = ()
    given_back: tuple[str, ...] = ()
    replaces: UUID | None = field(default=None)

    @property
    def action(self) -> str:
        return "cancel" if self.replaces and not self.rooms else super().action


Holders = frozenset[tuple[str, UUID]]


class Hotel:
    """Who holds which room."""

    def decide(self, holders: Holders, request: Rooms) -> Holders:
        mine = {(room, request.holder) for room in request.given_back}
        if not mine <= holders:
            raise NotHeld
        rest = holders - mine
        if {room for room, _ in rest} & set(request.rooms):
            raise Taken
        return rest | {(room, request.holder) for room in request.rooms}

    def apply(self, holders: Holders, request: Rooms, change: Holders) -> Holders:
        return change

    def fresh(self, requests: Sequence[Rooms], available: Mapping[str, int]) -> Holders:
        return frozenset()


def operation(
    request: Request | None,
    begin: int,
    end: int | None,
    effect: Effect = Effect.HAPPENED,
    **more: Any,
) -> Operation:
    """An operation under way from ``begin`` to ``end``."""
    names = (*request.rooms, *request.given_back) if isinstance(request, Rooms) else ()
    return Operation(
        process=str(request.id if request else uuid4()),
        action=request.action if request else "reset",
        workload="toys",
        scope="1",
        database="d",
        invoked=begin,
        returned=end,
        effect=effect,
        request=request,
        anchors=tuple(dict.fromkeys(names)) if names else ("counter",) if request else (),
        subject="+".join(names),
        **more,
    )
