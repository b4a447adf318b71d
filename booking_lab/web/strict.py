"""Reads JSON bodies strictly: what is ambiguous is refused, not guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Request
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, UnprocessableEntity

Model = TypeVar("Model", bound=BaseModel)


class StrictJSON(DefaultJSONProvider):
    """JSON as RFC 8259 has it: no NaN, no key twice, no nesting without end."""

    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse ``s``; raises ValueError with the reason."""
        try:
            return json.loads(
                s,
                object_pairs_hook=_without_duplicates,
                parse_constant=_no_constant,
                **kwargs,
            )
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


class StrictRequest(Request):
    """A request whose body, where one is read, is a JSON object."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """Parse the body; never silent, so that a broken body isn't taken for a missing one."""
        body = super().get_json(force=force, silent=False, cache=cache)
        if not isinstance(body, dict):
            raise UnprocessableEntity("The body is no JSON object; send {...}.")
        return body

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Say what is wrong with the body."""
        if e is None:
            return super().on_json_loading_failed(e)  # not sent as JSON: 415
        raise BadRequest(f"The body is no JSON: {e}.")


def parsed(model: type[Model], sent: Mapping[str, Any]) -> Model:
    """Return the ``model`` that a JSON object says, read as JSON: a list may be a tuple there.

    Raises:
        pydantic.ValidationError: it isn't one.
    """
    return model.model_validate_json(json.dumps(sent), strict=True)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
