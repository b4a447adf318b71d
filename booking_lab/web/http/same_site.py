"""Who speaks through a browser: a page of this lab may change things, one of another site may not.

A page of any site can have its reader's browser send requests to this machine. It can't read the
answers, unless its site's name was made to lead to this machine: then the browser takes the lab for
that site. So both the name that was asked for and the site that a browser gives as the asking one
are looked at. Who is no browser gives none.
"""

from __future__ import annotations

import re

from flask import Request, Response

from booking_lab.config import Settings, is_loopback
from booking_lab.web.http.problems import problem

_READS = {"GET", "HEAD", "OPTIONS"}
#: A name or an address of version 4, or one of version 6 in brackets; then a port.
_HOST = re.compile(r"([^\[\]:/?#@]+|\[[0-9a-f.]*:[0-9a-f:.]+\])(?::[0-9]*)?", re.IGNORECASE)
_OF_THIS_SITE = {"same-origin", "none"}  # none: the address was typed in, or is a bookmark


def cross_site_error(request: Request, settings: Settings) -> Response | None:
    """Return the answer to a request that another site's page may have made; none: it is fine."""
    asked = request.headers.get("Host")  # only in HTTP/1.0 there may be none
    host = asked or ""
    if asked is not None and not settings.admin_token and not _is_this_host(host, settings):
        return problem(
            421,
            "misdirected_request",
            f"{host!r} is no name of this machine. Ask for localhost, or name it in "
            f"BOOKING_LAB_ALLOWED_HOSTS.",
        )
    if request.method not in _READS and _from_another_site(request, host):
        return problem(
            403, "cross_site", "A page of another site asked for this; none may change anything."
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
