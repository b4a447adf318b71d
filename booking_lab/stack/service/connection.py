"""A client's connection with non-blocking input and output."""

from __future__ import annotations

import socket
from enum import Enum, auto
from typing import Any

from gunicorn.http.unreader import Unreader

from booking_lab.stack.service.framing import IncomingRequest

_PIECE = 65_536


class ConnectionState(Enum):
    """The state of a connection: the event that it waits for."""

    IDLE = auto()  #: the first byte of a request
    REQUEST = auto()  #: the rest of the request
    ANSWER = auto()  #: the client can take more of the answer
    END = auto()  #: the client closes the connection


class Connection:
    """One client's connection.

    Attributes:
        client, server: the addresses of the two ends.
        incoming: the request that is being received.
        keep: whether the connection stays open after the answer under way.
        ahead: bytes that were received after the end of the last request.
        state: the event that the connection waits for.
        since: the time when this wait began, on the monotonic clock in seconds.
        requests: the number of requests so far.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any, most_body: int) -> None:
        sock.setblocking(False)
        self.sock, self.client, self.server = sock, client, server
        self.incoming = IncomingRequest(most_body)
        self.keep, self.ahead = False, b""
        self.state, self.since = ConnectionState.IDLE, 0.0
        self.requests = 0
        self._most_body = most_body
        self._outgoing = bytearray()

    def receive(self) -> bytes | None:
        """Return the received bytes; none: there are none yet; empty: the client has closed."""
        try:
            return self.sock.recv(_PIECE)
        except BlockingIOError:
            return None
        except OSError:  # the connection was reset
            return b""

    def sendall(self, data: bytes) -> None:
        """Store ``data`` for ``send``; gunicorn uses this method as that of a socket."""
        self._outgoing += data

    def send(self) -> bool:
        """Send as much of the answer as the client takes now; return whether all is sent."""
        try:
            while self._outgoing:
                sent = self.sock.send(self._outgoing)
                del self._outgoing[:sent]
        except BlockingIOError:
            return False
        except OSError:  # the client has gone
            self._outgoing.clear()
            self.keep = False
        return True

    def send_continue_if_expected(self) -> None:
        """Send 100 Continue if the client waits for it before it sends the body."""
        if self.incoming.expects_continue and not self.incoming.complete:
            self.incoming.expects_continue = False
            self.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.send()

    def replace_answer(self, answer: bytes) -> None:
        """Replace the unsent part of the answer by ``answer``, and close after it."""
        self._outgoing[:] = answer
        self.keep = False

    def begin_next(self) -> None:
        """Prepare for the next request."""
        self.incoming = IncomingRequest(self._most_body)

    def hang_up(self) -> bool:
        """Shut down the sending side; return whether the client is still connected."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True


class ReceivedBytes(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Gives gunicorn's parser the received bytes, and nothing else."""

    def __init__(self, received: bytes) -> None:
        super().__init__()
        self.unread(received)

    def chunk(self, _size: int | None = None) -> bytes:
        """Return no bytes: all are received already."""
        return b""
