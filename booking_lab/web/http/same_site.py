"""Protection against cross-site requests and DNS rebinding.

A page of another site can make its reader's browser send requests to this machine. It can't read
the answers, unless the DNS name of its site resolves to this machine: then the browser takes the
lab for that site. So the lab checks both the host name of a request and the site that the browser
reports as its origin. Clients that are not browsers report no site.
"""

from __future__ import annotations

import re

from flask import Request, Response

from booking_lab.config import Settings, is_loopback
from booking_lab.web.http.problems import problem

_READS = {"GET", "HEAD", "OPTIONS"}
#: A name, an IPv4 address, or an IPv6 address in brackets; then a port.
_HOST = re.compile(r"([^\[\]:/?#@]+|\[[0-9a-f.]*:[0-9a-f:.]+\])(?::[0-9]*)?", re.IGNORECASE)
_OF_THIS_SITE = {"same-origin", "none"}  # none: the reader typed the address, or used a bookmark


def cross_site_error(request: Request, settings: Settings) -> Response | None:
    """Return an error for a request that a page of another site may have sent; none: no error."""
    asked = request.headers.get("Host")  # it may be missing in HTTP/1.0 only
    host = asked or ""
    if asked is not None and not settings.admin_token and not _is_this_host(host, settings):
        return problem(
            421,
            "misdirected_request",
            f"{host!r} is not a name of this machine. Use localhost, or add the name to "
            f"BOOKING_LAB_ALLOWED_HOSTS.",
        )
    if request.method not in _READS and _from_another_site(request, host):
        return problem(
            403,
            "cross_site",
            "A page of another site sent this; such a page can't change anything.",
        )
    return None


def _is_this_host(host: str, settings: Settings) -> bool:
    found = _HOST.fullmatch(host)
    if not found:
        return False
    name = found[1].strip("[]").lower()
    own = {one.strip("[]").lower() for one in (settings.host, *settings.allowed_hosts)}
    return name in own or is_loopback(name)


def _from_another_site(request: Request, host: str) -> bool:
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in _OF_THIS_SITE:
        return True
    return origin is not None and origin.partition("://")[2].lower() != host.lower()
