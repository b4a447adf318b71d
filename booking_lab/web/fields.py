"""Fields that requests share, with their bounds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

EventId = Annotated[int, Field(ge=1, le=2**31 - 1)]
SeatNumber = Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,16}$", examples=["A1"])]
CustomerId = Annotated[
    str,
    # Control characters have no place in a name, and PostgreSQL can't store NUL.
    Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["customer_1"]),
]
StrategyName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$", examples=["pessimistic"])]
KindName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$", examples=["seats"])]
# As with customers: a scope comes from whoever asks.
Scope = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Customers = Annotated[int, Field(ge=2, le=50)]
Options = Annotated[dict[str, Any], Field(examples=[{}])]


class Body(BaseModel):
    """A JSON body: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Query(BaseModel):
    """A query string or path: text that is converted; nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid")


class EventPath(Query):
    """An event's id in the path."""

    event_id: EventId


class KindQuery(Query):
    """The kind of booking that is meant; none: all of them."""

    kind: KindName | None = None


class ScopeQuery(KindQuery):
    """The kind that is meant, and the scope; none: all of them."""

    scope: Scope | None = None
