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
    REQUEST = auto()  #: the rest of it
    ANSWER = auto()  #: its client, to take the answer
    END = auto()  #: its client, to close it as well


class Connection:
    """One client's connection.

    Attributes:
        client, server: the addresses of the two ends.
        incoming: what was received.
        keep: whether it goes on after the answer under way.
        ahead: what came along behind the request that was answered.
        state: what it waits for, if it does.
        since: when it began to wait for that, on the monotonic clock, in seconds.
        requests: how many came over it.
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
        """Return what has come; none: nothing as yet, and nothing at all: no more will come."""
        try:
            return self.sock.recv(_PIECE)
        except BlockingIOError:
            return None
        except OSError:  # it was reset
            return b""

    def sendall(self, data: bytes) -> None:
        """Keep ``data``, to be sent by ``send``; gunicorn writes answers here as to a socket."""
        self._outgoing += data

    def send(self) -> bool:
        """Send what the client takes right now of the answer; return whether that was all."""
        try:
            while self._outgoing:
                sent = self.sock.send(self._outgoing)
                del self._outgoing[:sent]
        except BlockingIOError:
            return False
        except OSError:  # nobody is there any more
            self._outgoing.clear()
            self.keep = False
        return True

    def send_continue_if_expected(self) -> None:
        """Say that the body may come, if its sender waits for that."""
        if self.incoming.expects_continue and not self.incoming.complete:
            self.incoming.expects_continue = False
            self.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.send()

    def replace_answer(self, answer: bytes) -> None:
        """Send ``answer`` instead of what isn't sent yet, and end then."""
        self._outgoing[:] = answer
        self.keep = False

    def begin_next(self) -> None:
        """Be ready for the next request."""
        self.incoming = IncomingRequest(self._most_body)

    def hang_up(self) -> bool:
        """Say that nothing more will be sent; return whether the client is still there."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True


class ReceivedBytes(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Lets gunicorn's parser read what was received, and nothing else."""

    def __init__(self, received: bytes) -> None:
        super().__init__()
        self.unread(received)

    def chunk(self, _size: int | None = None) -> bytes:
        """Return nothing: there is no more."""
        return b""
