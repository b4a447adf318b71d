"""Examples in the OpenAPI document. Each can be sent as it is.

They are made from the examples of the single fields. The first example of a field is for a booking.
The second example, if there is one, is a value that a move may change the field to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

#: Optional fields that examples leave out, so that they use the current strategy.
_LEFT_OUT = {"strategy", "options"}


def booking_example(model: type[BaseModel]) -> dict[str, Any] | None:
    """Return an example of a body; none: a required field has no example."""
    found = {}
    for name, field in model.model_fields.items():
        examples = _examples(field)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            examples = [booking_example(field.annotation)]
        if examples and (field.is_required() or name not in _LEFT_OUT):
            found[name] = examples[0]
        if field.is_required() and found.get(name) is None:
            return None
    return found


def change_example(model: type[BaseModel]) -> dict[str, Any] | None:
    """Return an example of the fields that a move may change; none: there are no such examples."""
    several = {name: _examples(field) for name, field in model.model_fields.items()}
    return {name: examples[1] for name, examples in several.items() if len(examples) > 1} or None


def named_examples(examples: Mapping[str, Any]) -> Any:
    """Return the examples that are not none, as a part of a model's configuration."""
    there = {name: {"value": one} for name, one in examples.items() if one is not None}
    return (
        {"openapi_extra": {"examples": there}} if there else {}
    )  # the document's library reads it


def with_single_examples(schema: Any) -> Any:
    """Replace ``examples`` of each field by ``example``, with the first of them.

    The library that makes the document knows ``example`` only.
    """
    if isinstance(schema, list):
        return [with_single_examples(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: with_single_examples(one) for name, one in schema.items() if name != "examples"}
    if isinstance(examples := schema.get("examples"), list) and examples:
        found["example"] = examples[0]
    return found


def with_parameter_examples(schema: dict[str, Any]) -> dict[str, Any]:
    """Keep one example of each required parameter, and remove all other examples.

    The page of the document would send all parameters with examples at once.
    """
    required = schema.get("required", ())
    properties = {
        name: with_single_examples(one) if name in required else _without_examples(one)
        for name, one in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties}


def _without_examples(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_examples(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _without_examples(one) for name, one in schema.items() if name != "examples"}


def _examples(field: FieldInfo) -> list[Any]:
    if field.examples:
        return list(field.examples)
    # The examples of an optional type are inside the union with none.
    for part in getattr(field.annotation, "__args__", ()):
        for about in getattr(part, "__metadata__", ()):
            if found := getattr(about, "examples", None):
                return list(found)
    return []
