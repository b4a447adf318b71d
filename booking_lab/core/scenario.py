"""Scenarios: things that bookers contend for in the explorer and the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from booking_lab.core.workload import Request, customer_fields

#: Existing bookings have the same ids in every run; this is the first id.
_FIRST_EXISTING_ID = 0xC0


@dataclass(frozen=True)
class ChangeRequest:
    """A move or a cancellation of a booking that exists at the begin of a scenario.

    Attributes:
        of: the request of that booking; one of the scenario's ``existing``.
        to: a request for the things that it moves to; none for a cancellation.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class DeskRequest(Request):
    ...     desk: str
    >>> held = existing_booking(DeskRequest(customer_id="", desk="a"))
    >>> move = ChangeRequest(held, to=DeskRequest(customer_id="", desk="b"))
    >>> move.action, move.changes
    ('move', {'desk': 'b'})
    >>> ChangeRequest(held).action
    'cancel'
    """

    of: Request
    to: Request | None = None

    #: It always names its booking, so nothing has to be chosen.
    open = False

    @property
    def action(self) -> str:
        """``move`` or ``cancel``."""
        return "move" if self.to else "cancel"

    @property
    def changes(self) -> Mapping[str, Any] | None:
        """The fields to change, in the form that ``LabWorkload.changing`` takes.

        A move to the same things has all fields.
        """
        if self.to is None:
            return None
        there = {name: getattr(self.to, name) for name in customer_fields(self.to)}
        return {n: v for n, v in there.items() if v != getattr(self.of, n)} or there


#: The action of one booker: a booking, or a change of an existing one.
BookerAction = Request | ChangeRequest


@dataclass(frozen=True)
class Scenario:
    """Things to contend for, and the action of each booker.

    Attributes:
        name: a short name.
        seed: a script that creates the things in a scope of their own, unless they exist.
        scope: the scope; it is reset before every run.
        requests: the action of each booker.
        existing: the bookings that exist at the begin; see ``existing_booking``.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class DeskRequest(Request):
    ...     desk: str
    >>> rivals = [DeskRequest(customer_id=name, desk="a") for name in "AB"]
    >>> Scenario("one desk", seed="", scope="1", requests=rivals).open
    False
    """

    name: str
    seed: str
    scope: str
    requests: Sequence[BookerAction]
    existing: Sequence[Request] = ()

    @property
    def open(self) -> bool:
        """Whether an action leaves something to be chosen."""
        return any(one.open for one in self.requests)


@dataclass(frozen=True)
class Places:
    """Things that bookings can hold and move to, all of one scope.

    Attributes:
        held: the things of a booking at the begin.
        to: the things that it moves to.
        other: other things that it can move to.
        wanted: the things that others book while it moves to ``to``; none: ``to``.
        freed: the things that others book while it moves to ``other``; none: ``held``.
        pair: the things of two bookings that swap them; none: ``held`` and ``to``.
        rivals: the things of two bookings, and the things that both move to; none: ``pair`` and
            ``other``.
    """

    held: Request
    to: Request
    other: Request
    wanted: Request | None = None
    freed: Request | None = None
    pair: tuple[Request, Request] | None = None
    rivals: tuple[Request, Request, Request] | None = None


def booker_name(number: int) -> str:
    """Return the name of booker ``number``, counted from 0: ``A``, ``B``, ..."""
    return chr(ord("A") + number)


def booker_number(name: str) -> int:
    """Return the number of the booker of this name."""
    return ord(name) - ord("A")


def existing_booking(request: Request, number: int = 0) -> Request:
    """Return ``request`` as the request of an existing booking.

    Its customer is X, Y or Z by ``number``, and its id is the same in every run.

    >>> held = existing_booking(Request(customer_id=""), 1)
    >>> held.customer_id, held == existing_booking(held, 1)
    ('Y', True)
    """
    name = chr(ord("X") + number)
    return replace(request, customer_id=name, id=UUID(int=_FIRST_EXISTING_ID + number))


def change_scenarios(seed: str, scope: str, places: Places, bookers: int) -> Sequence[Scenario]:
    """Return the scenarios in which bookings are moved and cancelled.

    Args:
        seed: the script that creates the things of ``places``.
        scope: the scope of the places.
        places: the things that are held, and the things that they are moved to.
        bookers: the number of bookers. The first does one action, all others the other action.
    """
    one, two = places.pair or (places.held, places.to)
    x, of_one, of_two = (
        existing_booking(places.held),
        existing_booking(one),
        existing_booking(two, 1),
    )
    wanted, freed = places.wanted or places.to, places.freed or places.held
    first, second, goal = places.rivals or (one, two, places.other)
    rivals = [existing_booking(first), existing_booking(second, 1)]

    def scenario(
        name: str, first: BookerAction, *others: BookerAction, existing: Sequence[Request]
    ) -> Scenario:
        asks = [first, *(others[n % len(others)] for n in range(bookers - 1))]
        return Scenario(
            name, seed, scope, [_asked_by(ask, n) for n, ask in enumerate(asks)], existing
        )

    move, cancel = ChangeRequest(x, places.to), ChangeRequest(x)
    alone = {"existing": [x]}
    return (
        scenario("book beside move", move, wanted, **alone),
        scenario("book behind move", ChangeRequest(x, places.other), freed, **alone),
        scenario("book beside cancel", cancel, places.held, **alone),
        scenario("two moves", move, ChangeRequest(x, places.other), **alone),
        scenario("move beside cancel", move, cancel, **alone),
        scenario("two cancels", cancel, cancel, **alone),
        scenario(
            "swap",
            *(ChangeRequest(of_one, two), ChangeRequest(of_two, one), one),
            existing=[of_one, of_two],
        ),
        scenario(
            "two move to one place", *(ChangeRequest(one, goal) for one in rivals), existing=rivals
        ),
    )  # fmt: skip


def derived_scenarios(scenarios: Sequence[Scenario], bookers: int) -> Sequence[Scenario]:
    """Return scenarios with moves and cancellations for a workload whose scenarios only book.

    A booking holds the things of the first scenario. It moves to things that other requests of the
    same scope ask for. If there are none, it moves to the things that it has.
    """
    if not scenarios or any(one.existing for one in scenarios):
        return ()
    first = scenarios[0]
    there = [one for one in scenarios if one.scope == first.scope and not one.open]
    places = list(_distinct([ask for one in there for ask in one.requests]))
    if not places:
        return ()
    held, to, other = places[0], places[1 % len(places)], places[min(2, len(places) - 1)]
    seed = "\n".join(dict.fromkeys(one.seed for one in there))
    return change_scenarios(seed, first.scope, Places(held, to, other), bookers)


def _distinct(asks: Sequence[BookerAction]) -> Iterator[Request]:
    """Yield one request for each different combination of things."""
    seen: list[list[Any]] = []
    for ask in asks:
        if isinstance(ask, Request):
            asked = [getattr(ask, name) for name in customer_fields(ask)]
            if asked not in seen:
                seen.append(asked)
                yield ask


def _asked_by(ask: BookerAction, number: int) -> BookerAction:
    return replace(ask, customer_id=booker_name(number)) if isinstance(ask, Request) else ask
