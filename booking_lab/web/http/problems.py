"""Error answers as problem details of RFC 9457, with a stable ``code``."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

from booking_lab import errors
from booking_lab.validation import field_errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

#: The codes for HTTP statuses. They are stable. The phrases of Python and of its libraries are not:
#: Python 3.13 has changed those of 413 and 422.
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    411: "length_required",
    413: "request_entity_too_large",
    414: "request_uri_too_long",
    415: "unsupported_media_type",
    417: "expectation_failed",
    421: "misdirected_request",
    422: "unprocessable_entity",
    429: "too_many_requests",
    431: "request_header_fields_too_large",
    500: "internal_server_error",
    501: "not_implemented",
    503: "service_unavailable",
    505: "http_version_not_supported",
}
_RETRY_AFTER_SECONDS = "1"


class ProblemDetails(BaseModel):
    """An error: its cause, and how to correct it. https://www.rfc-editor.org/rfc/rfc9457"""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace_id: str


def details(status: int, code: str, detail: str, trace_id: str) -> dict[str, Any]:
    """Return the members of a problem."""
    return {
        "type": f"urn:booking-lab:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "trace_id": trace_id,
    }


def code_of(status: int) -> str:
    """Return the code for an HTTP status."""
    return _CODES.get(status, f"http_{int(status)}")


def problem(status: int, code: str, detail: str, /, **more: Any) -> Response:
    """Return an error answer; ``more`` adds members or replaces the standard ones."""
    body = {**details(status, code, detail, g.get("trace_id", "")), **more}
    response = Response(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    if status in {429, 503}:
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response


def invalid_fields(error: ValidationError) -> Response:
    """Return the error answer for fields that don't fit the schema."""
    found = "; ".join(map(str, field_errors(error, "body")))
    # The name of a field comes from the caller, and may have half of a surrogate pair.
    detail = found.encode("utf-8", "backslashreplace").decode()
    return problem(422, "invalid_fields", f"{detail}.")


def register(app: Flask) -> None:
    """Answer every error of ``app`` with problem details."""
    app.register_error_handler(errors.BookingLabError, _lab_error)
    app.register_error_handler(HTTPException, _http_error)


def _lab_error(error: errors.BookingLabError) -> Response:
    status = errors.lab_kind(error).status
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:  # other errors concern the client only
        log.error("%s: %s", error.code, error.message)
    return problem(status, error.code, error.message)


def _http_error(error: HTTPException) -> Response:
    response = error.get_response()
    if error.code is None or error.code < 400:
        return Response(response.get_data(), error.code, response.headers)
    detail = error.description or error.name
    if isinstance(error, InternalServerError):
        detail = "The lab failed; its log has the traceback, with this trace id."
    elif isinstance(error, MethodNotAllowed) and error.valid_methods:
        detail = f"This address supports {', '.join(sorted(error.valid_methods))}."
    elif isinstance(error, NotFound):
        detail = "There is nothing at this address; /docs/ lists all addresses."
    answer = problem(error.code, code_of(error.code), detail)
    for header in ("Allow", "WWW-Authenticate"):
        if header in response.headers:
            answer.headers[header] = response.headers[header]
    return answer


def common_statuses(method: str) -> tuple[int, ...]:
    """Return the error statuses that any address may answer to this method."""
    return (400, 413, 421, 422) if method.upper() == "GET" else (400, 403, 413, 421, 422)


def documented_problems(*statuses: int) -> dict[Any, Any]:
    """Return the OpenAPI responses for errors with these statuses."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }
