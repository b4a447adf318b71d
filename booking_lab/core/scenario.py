"""What the explorer and the conformance suite let bookers contend for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from booking_lab.core.workload import Request, customer_fields

#: Bookings that stand at the beginning bear the same ids every time, from this one on.
FIRST_STANDING = 0xC0


@dataclass(frozen=True)
class ChangeRequest:
    """A booking that stands at the beginning is moved, or cancelled.

    Attributes:
        of: the request that made it; one of the scenario's ``existing``.
        to: a request for what it shall hold instead; none: it is cancelled.

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

    #: It names what it is about.
    open = False

    @property
    def action(self) -> str:
        """``move`` or ``cancel``."""
        return "move" if self.to else "cancel"

    @property
    def changes(self) -> Mapping[str, Any] | None:
        """The fields that shall be different, as ``LabWorkload.changing`` takes them.

        A booking that is moved to where it is gets all of its fields again.
        """
        if self.to is None:
            return None
        there = {name: getattr(self.to, name) for name in customer_fields(self.to)}
        return {n: v for n, v in there.items() if v != getattr(self.of, n)} or there


#: What one booker does: book, or change a booking that stands.
BookerAction = Request | ChangeRequest


@dataclass(frozen=True)
class Scenario:
    """Something to contend for.

    Attributes:
        name: in a word or two.
        seed: a script that creates its things, in a scope of their own, if they aren't there.
        scope: the scope, to be reset before every try.
        requests: what each booker does, one for each of them.
        existing: the bookings that stand at the beginning; see ``existing_booking``.

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
        """Whether there is something to choose."""
        return any(one.open for one in self.requests)


@dataclass(frozen=True)
class Places:
    """What bookings can hold and be moved to; all of one scope.

    Attributes:
        held: what a booking holds at the beginning.
        to: where it is moved.
        other: another place, to which it can be moved as well.
        wanted: what others book while it is moved there; none: ``to``.
        freed: what others book while it is moved to ``other``; none: ``held``.
        pair: what two bookings hold that change places; none: ``held`` and ``to``.
        rivals: what two bookings hold, and where both are moved; none: the pair, and ``other``.
    """

    held: Request
    to: Request
    other: Request
    wanted: Request | None = None
    freed: Request | None = None
    pair: tuple[Request, Request] | None = None
    rivals: tuple[Request, Request, Request] | None = None


def booker_name(number: int) -> str:
    """The name of a booker, counted from 0: ``A``, ``B``, ..."""
    return chr(ord("A") + number)


def booker_number(name: str) -> int:
    """The number of the booker of this name."""
    return ord(name) - ord("A")


def existing_booking(request: Request, number: int = 0) -> Request:
    """Return the request as that of a booking that stands: of ``X``, ``Y`` or ``Z``.

    >>> held = existing_booking(Request(customer_id=""), 1)
    >>> held.customer_id, held == existing_booking(held, 1)
    ('Y', True)
    """
    name = chr(ord("X") + number)
    return replace(request, customer_id=name, id=UUID(int=FIRST_STANDING + number))


def change_scenarios(seed: str, scope: str, places: Places, bookers: int) -> Sequence[Scenario]:
    """Return the scenarios in which bookings are moved and cancelled.

    Args:
        seed: creates the things that the places name.
        scope: of the places.
        places: what is held, and where it is moved.
        bookers: how many; the first does the one thing, all others the other.
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
    """Return the actions of a workload whose scenarios book only.

    What the first scenario asks for is held and moved. Other places are taken from the requests of
    all scenarios in its scope; where there are none, a booking is moved to where it is.
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
    """Yield one request for each thing that is asked for."""
    seen: list[list[Any]] = []
    for ask in asks:
        if isinstance(ask, Request):
            wish = [getattr(ask, name) for name in customer_fields(ask)]
            if wish not in seen:
                seen.append(wish)
                yield ask


def _asked_by(ask: BookerAction, number: int) -> BookerAction:
    return replace(ask, customer_id=booker_name(number)) if isinstance(ask, Request) else ask
