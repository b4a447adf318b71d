"""Field types and base classes that request models share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from booking_lab.web.http import text
from booking_lab.web.schemas import examples
from booking_lab.workloads.seats.requests import EventId

CustomerId = Annotated[
    str,
    # A pattern can't express the other rules for names; see ``text``.
    Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["customer_1"]),
    AfterValidator(text.checked_name),
]
StrategyName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$", examples=["pessimistic"])]
KindName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$", examples=["seats"])]
# Checked like a customer's name, because the client chooses it.
Scope = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(text.checked_name),
]
Customers = Annotated[int, Field(ge=2, le=50)]
Options = Annotated[dict[str, Any], Field(examples=[{}])]


_NOTATION: dict[type, tuple[re.Pattern[str], str]] = {
    bool: (re.compile("true|false"), "true or false"),
    int: (re.compile("-?(0|[1-9][0-9]{0,18})"), "a whole number, such as 1"),
}


class Strict(BaseModel):
    """A JSON object; values are not converted, and unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Body(Strict):
    """A JSON body, with an example in the document."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Add the example, if all required fields have one."""
        cls.model_config |= examples.named_examples({"example": examples.booking_example(cls)})

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the schema for the document."""
        described: dict[str, Any] = examples.with_single_examples(
            super().model_json_schema(*args, **options)
        )
        return described


class Query(BaseModel):
    """A query string or a path; its text is converted, and unknown parameters are refused.

    Numbers and truth values have the notation of JSON, so that each value has one spelling.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the schema for the document."""
        return examples.with_parameter_examples(super().model_json_schema(*args, **options))

    @field_validator("*", mode="before")
    @classmethod
    def _check_notation(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[info.field_name or ""].annotation
        for kind, (pattern, words) in _NOTATION.items():
            meant = kind in _types(annotation) and isinstance(value, str)
            if meant and not pattern.fullmatch(value):
                raise ValueError(f"write it as {words}")
        return value


def _types(annotation: Any) -> Iterator[Any]:
    """Yield the types of an annotation, without their constraints."""
    if get_origin(annotation) is Annotated:
        yield from _types(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _types(one)
    else:
        yield annotation


class EventPath(Query):
    """An event's id in the path."""

    event_id: EventId


class KindQuery(Query):
    """The kind of booking; by default all kinds."""

    kind: KindName | None = None


class ScopeQuery(KindQuery):
    """The kind and the scope; by default all of them."""

    scope: Scope | None = None
