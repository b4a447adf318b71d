"""Finds the end of a request in the received bytes.

Nothing else is parsed here. gunicorn's parser gets the request when it is complete. A request that
looks invalid here counts as complete, so that gunicorn's parser refuses it.
"""

from __future__ import annotations

import re

from gunicorn.http.errors import LimitRequestHeaders

#: The highest numbers of bytes of a request line, and of a head with all its fields.
MOST_LINE, MOST_HEAD = 8190, 65_536

_HEAD_END = b"\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CODING = re.compile(rb"\r\ntransfer-encoding:([^\r\n]*)", re.IGNORECASE)
_EXPECTS = re.compile(rb"\A[^\r\n]* HTTP/1\.1\r\n.*?\r\nexpect:[ \t]*100-continue", re.I | re.S)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?")


class IncomingRequest:
    """The received bytes of one request.

    Args:
        most_body: the highest number of bytes of a body; a longer body is not received.

    Attributes:
        received: the bytes so far, including those of the next request.
        complete: whether the request is complete, or no more of it is needed.
        too_long: whether the body is too long; it is not complete then.
        expects_continue: whether the client waits for 100 Continue before it sends the body.
    """

    def __init__(self, most_body: int) -> None:
        self.received = bytearray()
        self.complete = self.too_long = self.expects_continue = False
        self._most_body = most_body
        self._body_at = self._at = self._length = self._decoded = 0
        self._chunked = False

    def add(self, data: bytes) -> None:
        """Add received bytes.

        Raises:
            LimitRequestHeaders: the head is too long.
        """
        seen = len(self.received)
        self.received += data
        if not self._body_at and not self._head_ends(seen):
            return
        self.complete = self.too_long or self._body_ends()

    def _head_ends(self, seen: int) -> bool:
        end = self.received.find(_HEAD_END, max(0, seen - 3))
        if _BARE_LF.search(
            self.received, max(0, seen - 1), end if end >= 0 else len(self.received)
        ):
            self.complete = True
        elif end < 0:
            self.complete = len(self.received) > MOST_LINE + 2 and b"\r\n" not in self.received
            if len(self.received) > MOST_HEAD:
                raise LimitRequestHeaders("the head is longer than it may be")
        elif end > MOST_HEAD:
            raise LimitRequestHeaders("the head is longer than it may be")
        else:
            self._body_at = self._at = end + len(_HEAD_END)
            self._read_head(bytes(self.received[: self._body_at]))
        return bool(self._body_at)

    def _read_head(self, head: bytes) -> None:
        coding, length = _CODING.search(head), _LENGTH.search(head)
        self._chunked = bool(coding and b"chunked" in coding[1].lower())
        self._length = int(length[1]) if length and not coding else 0
        self.too_long = self._length > self._most_body
        self.expects_continue = bool(_EXPECTS.match(head)) and not self.too_long

    def _body_ends(self) -> bool:
        if not self._chunked:
            return len(self.received) >= self._body_at + self._length
        # Chunks may be tiny, but the encoded body must not be many times longer than the limit.
        if len(self.received) - self._body_at > 8 * self._most_body + MOST_HEAD:
            self.too_long = True
        return self.too_long or self._last_chunk_ends()

    def _last_chunk_ends(self) -> bool:
        while (end := self.received.find(b"\r\n", self._at)) >= 0:
            size = _CHUNK_SIZE.fullmatch(self.received, self._at, end)
            if not size:
                return True
            if not (many := int(size[1], 16)):
                return self.received.find(_HEAD_END, end) >= 0
            self.too_long = self._decoded + many > self._most_body
            following = end + 2 + many + 2
            if self.too_long or len(self.received) < following:
                return self.too_long
            if self.received[following - 2 : following] != b"\r\n":
                return True
            self._decoded += many
            self._at = following
        return bool(_BARE_LF.search(self.received, self._at))
