"""Requests for slots: a time of a resource at a branch, with products."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from booking_lab.core.workload import INTERNAL, Request

#: The highest number of different products in one booking, and of units of each.
MAX_PRODUCTS = 20
#: The longest booking: a day on which clocks go back.
LONGEST = timedelta(hours=25)
#: The range of times. Near the limits of Python's datetime, a change of the zone is an error.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_LIKE = "write it like 2030-01-07T09:00:00+01:00"
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def _parse_moment(value: Any) -> Any:
    """Parse a time of RFC 3339; numbers and more digits than microseconds are refused."""
    if isinstance(value, datetime):
        return value
    if not (isinstance(value, str) and _ISO.fullmatch(value)):
        raise ValueError(_LIKE)
    return datetime.fromisoformat(value)


TenantId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
BranchId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
ResourceId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
ServiceId = Annotated[int, Field(ge=1, le=2**31 - 1, examples=[1])]
Moment = Annotated[AwareDatetime, BeforeValidator(_parse_moment)]


@dataclass(frozen=True)
class Product:
    """Some units of a product.

    Attributes:
        product_id: the id of the product.
        quantity: the number of units.
    """

    product_id: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1, examples=[1])]
    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_PRODUCTS)] = 1

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class HeldSlot:
    """The resource and the time of the booking that is moved or cancelled."""

    branch_id: int
    resource_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class SlotRequest(Request):
    """A time with a resource at a branch, all of it with its products or none.

    Times are kept in UTC, whatever zone they were given in.

    Attributes:
        tenant_id: the tenant, to which all other ids belong.
        branch_id: the branch.
        resource_id: the resource; none for any free resource of the branch.
        service_id: the service, which has a price.
        starts_at: the first moment of the time.
        ends_at: the first moment after the time; the next booking may begin there.
        products: the products, from the stock of the branch.
        given_back: the resource and the time of the booking that this one moves or cancels.
    """

    tenant_id: TenantId
    branch_id: BranchId
    resource_id: ResourceId | None = None
    service_id: ServiceId
    starts_at: Annotated[
        Moment, Field(examples=["2030-01-07T09:00:00+01:00", "2030-01-07T11:00:00+01:00"])
    ]
    ends_at: Annotated[
        Moment,
        Field(
            description="25 hours after starts_at at most: a day on which clocks go back",
            examples=["2030-01-07T10:00:00+01:00", "2030-01-07T12:00:00+01:00"],
        ),
    ]
    products: Annotated[
        tuple[Product, ...],
        Field(max_length=MAX_PRODUCTS, examples=[[{"product_id": 1, "quantity": 1}]]),
    ] = ()
    given_back: HeldSlot | None = field(default=None, metadata=INTERNAL)

    def __post_init__(self) -> None:
        """Validate the request, and convert its times to UTC.

        Raises:
            ValueError: a time has no zone, the times are reversed, too long or out of range, or a
                product occurs twice.
        """
        for name in ("starts_at", "ends_at"):
            object.__setattr__(self, name, _in_utc(name, getattr(self, name)))
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at has to be later than starts_at")
        if self.ends_at - self.starts_at > LONGEST:
            raise ValueError("a booking is 25 hours long at most")
        if len({product.product_id for product in self.products}) < len(self.products):
            raise ValueError("a product occurs twice; send it once, with a quantity")

    @property
    def open(self) -> bool:
        """Whether a resource has to be chosen."""
        return self.resource_id is None and self.replaces is None

    @property
    def action(self) -> str:
        """``book``, ``move`` or ``cancel``; a move to no resource is a cancellation."""
        return "cancel" if self.replaces and self.resource_id is None else super().action

    @property
    def resources(self) -> tuple[int, ...]:
        """The resources whose calendars change."""
        held = self.given_back.resource_id if self.given_back else None
        return tuple(dict.fromkeys(one for one in (self.resource_id, held) if one is not None))

    @property
    def units(self) -> Mapping[tuple[int, int], int]:
        """The units that the request takes, by branch and product; negative if it returns them."""
        units: Counter[tuple[int, int]] = Counter()
        for product in self.products:
            if self.resource_id is not None or self.open:
                units[self.branch_id, product.product_id] += product.quantity
            if self.given_back:
                units[self.given_back.branch_id, product.product_id] -= product.quantity
        return {stock: many for stock, many in units.items() if many}


def _in_utc(name: str, moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} has no time zone; {_LIKE}")
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(f"{name} has to be between the years {EARLIEST.year} and {LATEST.year}")
    # Python compares two times of one zone by their local clock, which goes back once a year.
    return moment.astimezone(UTC)
