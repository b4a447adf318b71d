"""Strict parsing of JSON bodies: an ambiguous body is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from flask import Request, abort
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from booking_lab.web.http.problems import problem
from booking_lab.web.http.text import problem_with_text

Model = TypeVar("Model", bound=BaseModel)


class StrictJSON(DefaultJSONProvider):
    """JSON as in RFC 8259: without NaN, duplicate keys or unlimited nesting."""

    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse ``s``; raises ValueError with the reason."""
        try:
            text = s.decode("utf-8") if isinstance(s, bytes) else s
            if text.startswith("\ufeff"):
                raise ValueError("it begins with a byte order mark")
            return json.loads(
                text,
                object_pairs_hook=_without_duplicates,
                parse_constant=_no_constant,
                parse_float=_finite,
                **kwargs,
            )
        except UnicodeDecodeError:
            raise ValueError("it is not UTF-8") from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


class StrictRequest(Request):
    """A request with a JSON object in UTF-8 as its body."""

    @property
    def is_json(self) -> bool:
        """Whether the headers declare JSON in UTF-8, without a content encoding."""
        charset = self.mimetype_params.get("charset", "utf-8").lower()
        coding = self.headers.get("Content-Encoding", "identity").lower()
        plain = charset in {"utf-8", "utf8"} and coding == "identity"
        return self.mimetype == "application/json" and plain

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """Parse the body; ``silent`` is ignored, so that a broken body is not taken for none."""
        body = super().get_json(force=force, silent=False, cache=cache)
        if not isinstance(body, dict):
            raise UnprocessableEntity("The body is not a JSON object; send {...}.")
        if faults := list(_text_errors(body, "")):
            abort(problem(422, "invalid_fields", f"{'; '.join(faults)}."))
        return body

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Raise the error for a body that can't be parsed, or that is not declared as JSON."""
        if e is None:
            raise UnsupportedMediaType(
                "Send the body as application/json, in UTF-8 and without a Content-Encoding."
            )
        raise BadRequest(f"The body is not JSON: {e}.")


def parse_as(model: type[Model], sent: Mapping[str, Any]) -> Model:
    """Validate a JSON object as a ``model``, by the rules for JSON: a list can become a tuple.

    Raises:
        pydantic.ValidationError: the object doesn't fit.
    """
    return model.model_validate_json(json.dumps(sent), strict=True)


def _text_errors(value: Any, where: str) -> Iterator[str]:
    """Yield an error for each text in a body that is refused, at any depth."""
    if isinstance(value, str):
        if fault := problem_with_text(value):
            yield f"{where}: {fault}"
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{where}.{key}" if where else key
            yield from _text_errors(item, inner.encode("utf-8", "backslashreplace").decode())
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text_errors(item, f"{where}.{index}")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"{text} is beyond all numbers")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")
