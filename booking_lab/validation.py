"""What pydantic finds wrong with a value, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError


class FieldError(NamedTuple):
    """One thing that is wrong: ``where``, as the names of fields with dots between, and ``why``."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def field_errors(error: ValidationError, whole: str) -> list[FieldError]:
    """Return what is wrong; ``whole`` is where, if it is the value as a whole."""
    return [
        FieldError(".".join(str(part) for part in one["loc"]) or whole, _why(one))
        for one in error.errors(include_url=False, include_input=False)
    ]


def _why(one: Any) -> str:
    # What a validator of ours has said; pydantic's own message has words of its own before it.
    raised = one.get("ctx", {}).get("error")
    return str(raised) if isinstance(raised, ValueError) else one["msg"]
