"""Error answers to requests that don't reach the application."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable
from http import HTTPStatus

from gunicorn.http import errors
from gunicorn.http.message import Request
from gunicorn.util import http_date

from booking_lab.web.http.problems import MEDIA_TYPE, code_of, details

log = logging.getLogger(__name__)

#: Header fields that a request may have only once, because two values would be ambiguous.
_ONCE = {"AUTHORIZATION", "CONTENT-ENCODING", "EXPECT", "ORIGIN", "SEC-FETCH-SITE", "TRACEPARENT"}
#: The status for each kind of error; the first one that fits is used.
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (TimeoutError, HTTPStatus.REQUEST_TIMEOUT),
    (errors.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (errors.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (errors.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (errors.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (errors.InvalidHTTPVersion, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED),
    (errors.ParseException, HTTPStatus.BAD_REQUEST),
    (errors.NoMoreData, HTTPStatus.BAD_REQUEST),
)


def check_unambiguous(request: Request) -> None:
    """Refuse an ambiguous request.

    Raises:
        errors.InvalidHeader: a field is sent twice, is missing, or contradicts the address.
        errors.UnsupportedTransferCoding: the transfer coding is another one than chunked.
    """
    if "#" in request.uri:
        raise errors.InvalidRequestLine(f"{request.uri}: what follows # is for the browser alone")
    names = [name for name, _ in request.headers]
    if twice := next((name for name in _ONCE if names.count(name) > 1), None):
        raise errors.InvalidHeader(f"{twice.title()} is there twice")
    codings = [value.lower() for name, value in request.headers if name == "TRANSFER-ENCODING"]
    if codings not in ([], ["chunked"]):  # gunicorn lets others through and doesn't decode them
        raise errors.UnsupportedTransferCoding(", ".join(codings))
    hosts = [value for name, value in request.headers if name == "HOST"]
    if not hosts and request.version > (1, 0):
        raise errors.InvalidHeader("Host is missing")
    scheme, mark, rest = request.uri.partition("://")
    if mark and "/" not in scheme and rest.partition("/")[0].lower() not in _lower(hosts):
        raise errors.InvalidHeader("Host says something else than the address does")


def error_response(error: BaseException) -> bytes:
    """Return the answer to a request that failed with ``error``; it closes the connection."""
    trace_id = uuid.uuid4().hex
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if status is None:
        log.error("request failed", exc_info=error, extra={"trace_id": trace_id})
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        detail = "The lab failed; its log has the traceback, with this trace id."
    else:
        detail = f"{str(error).rstrip('.')}."
        log.info("request refused: %s", detail, extra={"trace_id": trace_id})
    body = json.dumps(details(status, code_of(status), detail, trace_id)).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nDate: {http_date()}\r\nConnection: close\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\nX-Trace-Id: {trace_id}\r\n"
    )
    return f"{head}\r\n".encode() + body


def _lower(texts: Iterable[str]) -> list[str]:
    return [text.lower() for text in texts]
