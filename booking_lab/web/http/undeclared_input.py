"""Refuses input that a route does not declare, and ambiguous input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Request, Response, request
from flask_openapi3 import OpenAPI
from werkzeug.exceptions import BadRequest
from werkzeug.routing import IntegerConverter, Rule

from booking_lab.web.http.problems import problem
from booking_lab.web.http.text import problem_with_text

_VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def register(app: OpenAPI) -> None:
    """Refuse undeclared input at all routes of ``app``; to be called after the routes are added."""
    inputs = DeclaredInputs(app.api_doc)

    @app.before_request
    def check() -> Response | None:
        return inputs.error_for(request)


class WholeNumber(IntegerConverter):
    """A number in a path; each number has one spelling."""

    regex = "0|[1-9][0-9]{0,18}"  # ASCII digits, and no more of them than bigint can have


@dataclass(frozen=True)
class DeclaredInput:
    """The input of a route: the names of its query parameters, and whether it takes a body."""

    parameters: frozenset[str] = frozenset()
    body: bool = False


class DeclaredInputs:
    """The input of all routes.

    Args:
        document: the OpenAPI document, which declares all input of each route.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._declared = {
            (path, method.upper()): DeclaredInput(
                frozenset(
                    one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"
                ),
                "requestBody" in operation,
            )
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        # A cache, by the text of the rule and the method of the request.
        self._found: dict[tuple[str, str], DeclaredInput] = {}

    def error_for(self, request: Request) -> Response | None:
        """Return an error for a request with undeclared input; none: no error.

        Raises:
            BadRequest: the query can't be parsed, or the route takes no body.
        """
        if request.url_rule is None or request.method == "OPTIONS":
            return None
        declared = self._of(request.url_rule, request.method)
        if request.content_length and not declared.body:
            raise BadRequest("This address takes no body; send none.")
        if not request.query_string:
            return None
        faults = _input_errors(_parameters(request.query_string), declared.parameters)
        return problem(422, "invalid_fields", f"{'; '.join(faults)}.") if faults else None

    def _of(self, rule: Rule, method: str) -> DeclaredInput:
        found = self._found.get((rule.rule, method))
        if found is None:
            path = _VARIABLE.sub(r"{\1}", rule.rule)
            by_method = path, "GET" if method == "HEAD" else method
            found = self._declared.get(by_method, DeclaredInput())
            self._found[rule.rule, method] = found
        return found


def _parameters(query: bytes) -> list[tuple[str, str]]:
    try:
        if _BAD_ESCAPE.search(query):
            raise ValueError("a % is not followed by two hexadecimal digits")
        return parse_qsl(query.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None
    except ValueError as error:
        raise BadRequest(f"The query can't be read: {error}.") from None


def _input_errors(sent: list[tuple[str, str]], taken: frozenset[str]) -> list[str]:
    names = [name for name, _ in sent]
    known = ", ".join(sorted(taken)) or "none"
    unknown = [
        f"{name.encode('ascii', 'backslashreplace').decode()}: this address has no such parameter; "
        f"it has: {known}"
        for name in dict.fromkeys(names)
        if name not in taken
    ]
    twice = [f"{name}: it is sent twice" for name in sorted(taken) if names.count(name) > 1]
    texts = [f"{name}: {fault}" for name, text in sent if (fault := problem_with_text(text))]
    return unknown + twice + texts
