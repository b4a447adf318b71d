"""Examples in the document: each can be sent as it stands, and does what it says.

They are made from those of the single fields. Of a field's examples, the first books, and the
second, if there is one, is what a move may change it to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

#: Who leaves them out books under the current strategy.
_LEFT_OUT = {"strategy", "options"}


def booking_example(model: type[BaseModel]) -> dict[str, Any] | None:
    """Return an example of a body; none: one of the fields that it has to have has no example."""
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
    """Return an example of what may be different for a booking of ``model``; none: nothing."""
    several = {name: _examples(field) for name, field in model.model_fields.items()}
    return {name: examples[1] for name, examples in several.items() if len(examples) > 1} or None


def named_examples(examples: Mapping[str, Any]) -> Any:
    """Return those examples that there are, as part of a model's configuration."""
    there = {name: {"value": one} for name, one in examples.items() if one is not None}
    return (
        {"openapi_extra": {"examples": there}} if there else {}
    )  # the document's library reads it


def with_single_examples(schema: Any) -> Any:
    """Put the first of each field's examples where the document's older readers look for it.

    The library that makes the document knows that place alone.
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
    """Do so for those parameters that have to be there, and take the other examples out.

    A page would send all of them at once, which makes no sense.
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
    # Those of what is allowed beside none stand within.
    for part in getattr(field.annotation, "__args__", ()):
        for about in getattr(part, "__metadata__", ()):
            if found := getattr(about, "examples", None):
                return list(found)
    return []
