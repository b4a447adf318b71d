"""The listening sockets of the service, which the supervisor binds and all instances inherit.

So a port that is in use is found before anything is started, and connections wait while an instance
restarts. Several instances share one port: each has a socket of its own there, and the kernel
distributes the connections evenly. With one socket for all, the busiest instances would get most.
"""

from __future__ import annotations

import errno
import http.client
import socket
from dataclasses import dataclass

from booking_lab.stack.errors import StackError

BACKLOG = 2048


@dataclass
class Listeners:
    """The sockets of the common port, and those of the instances' own ports.

    Attributes:
        common: a socket of the common port for each instance.
        own: a socket of its own port for each of several instances.
    """

    common: list[socket.socket]
    own: list[socket.socket]

    @property
    def port(self) -> int:
        """The common port."""
        return int(self.common[0].getsockname()[1])

    @property
    def ports(self) -> list[int]:
        """The own port of each instance; with one instance, the common port."""
        return [int(own.getsockname()[1]) for own in self.own] or [self.port]

    def of(self, index: int) -> list[int]:
        """Return the descriptors of an instance's sockets."""
        return [one.fileno() for one in (self.common[index], *self.own[index : index + 1])]

    def ready(self, port: int) -> bool:
        """Whether the service at one of the ports answers 200 at /ready."""
        host = self.common[0].getsockname()[0]
        if host in {"0.0.0.0", "::"}:  # compared, not bound
            host = "127.0.0.1" if self.common[0].family == socket.AF_INET else "::1"
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def close(self) -> None:
        """Close the sockets in this process."""
        for listener in (*self.common, *self.own):
            listener.close()


def bind(host: str, port: int, instances: int) -> Listeners:
    """Bind ``port``, and the next ports for several instances; 0: any free ports.

    Raises:
        StackError: a port is in use, or ``host`` is not an address of this machine.
    """
    last = port + (instances if instances > 1 else 0)
    if port and last > 65_535:
        raise StackError(f"{instances} instances need ports up to {last}: lower --port.")
    bound: list[socket.socket] = []
    try:
        # First without sharing: otherwise the port could be shared with another lab.
        with _listen(host, port) as alone:
            port, of_choice = int(alone.getsockname()[1]), bool(port)
        for _ in range(instances):
            bound.append(_listen(host, port, shared=True))
        for index in range(instances if instances > 1 else 0):
            bound.append(_listen(host, port + 1 + index if of_choice else 0))
    except BaseException:
        for listener in bound:
            listener.close()
        raise
    return Listeners(bound[:instances], bound[instances:])


def _listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    listener = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        if listener:
            listener.close()
        if error.errno == errno.EADDRINUSE:
            raise StackError(
                f"Port {port} is taken by another program: choose another with --port."
            ) from None
        if error.errno == errno.EACCES:
            raise StackError(
                f"Port {port} needs more rights: choose one above 1023 with --port."
            ) from None
        raise StackError(f"Can't listen on {host}:{port}: {error.strerror or error}.") from None
    return listener


def address(host: str, port: int) -> str:
    """Return the URL of a port that is bound on ``host``, for clients on this machine."""
    if host in {"0.0.0.0", "127.0.0.1", "localhost"}:
        host = "localhost"
    elif host in {"::", "::1"}:
        host = "[::1]"
    elif ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port}"
