"""Parses recorded values into requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

from pydantic import ConfigDict, create_model

from booking_lab.core.workload import Request


def request_factory(kind: type[Request]) -> Callable[[Any], Request]:
    """Return a function that makes a request of this class from JSON.

    It checks types only. Other constraints of the annotations apply to customers, and requests of
    the lab itself, such as cancellations, need not satisfy them.

    The function raises pydantic's ValidationError, or a ValueError of the request.
    """
    hints = get_type_hints(kind)
    shape: dict[str, Any] = {
        one.name: (hints[one.name], ... if _is_required(one) else None) for one in fields(kind)
    }
    model = create_model(kind.__name__, __config__=ConfigDict(extra="forbid"), **shape)

    def make(value: Any) -> Request:
        given = model.model_validate(value)
        return kind(**{name: getattr(given, name) for name in given.model_fields_set})

    return make


def _is_required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING
