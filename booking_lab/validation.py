"""The errors of pydantic's validation, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError


class FieldError(NamedTuple):
    """One error of a value.

    Attributes:
        where: the path of the field, with dots between the names.
        why: the reason.
    """

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def field_errors(error: ValidationError, whole: str) -> list[FieldError]:
    """Return the errors of a validation; ``whole`` is the path of the value itself."""
    return [
        FieldError(".".join(str(part) for part in one["loc"]) or whole, _why(one))
        for one in error.errors(include_url=False, include_input=False)
    ]


def _why(one: Any) -> str:
    # The text of the lab's own validators; pydantic's message has a prefix.
    raised = one.get("ctx", {}).get("error")
    return str(raised) if isinstance(raised, ValueError) else one["msg"]
