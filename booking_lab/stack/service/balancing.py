"""Load balancing among the worker processes of an instance: the fewest requests under way.

The kernel gives a connection to the worker that accepts it first, and a client that keeps its
connection stays with that worker. So one worker could have a line of requests while another worker
is idle. Therefore a worker with clearly more requests under way than another worker hands a new
request over to it, together with the connection. The connection then belongs to the other worker.

A connection is sent as a file descriptor over a Unix socket (SCM_RIGHTS, unix(7)). Each worker has
a place with a socket of its own. The master and all workers hold all ends of all sockets. So the
master can pass on the connections in the socket of a dead worker.
"""

from __future__ import annotations

import mmap
import socket
import sys
import threading
import time
from collections.abc import Iterator

#: The largest request that is handed over, in bytes: it fits into one message of a Unix socket.
MOST_BYTES = 65_536
#: Seconds after its last report in which a worker gets requests of others. An idle worker reports
#: once a second.
_SILENT_AFTER = 2.0
_NUMBER = 8
#: Linux keeps only ten messages of a datagram socket; macOS has no other socket for messages.
_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM


class Peers:
    """The workers of one instance, with their numbers of requests in shared memory.

    The master creates it before it forks the workers. Only one process at a time writes each
    number, so the processes need no lock. The numbers of a worker are: its requests under way; the
    time of its last report that it takes requests, 0 if it takes none; the requests that it has
    taken from others; and the requests that it has handed to each of the others.

    Args:
        places: workers at most, those of a reload included.
    """

    def __init__(self, places: int) -> None:
        self._places = range(places)
        fields = 3 + places
        self._memory = mmap.mmap(-1, places * fields * _NUMBER)
        numbers = memoryview(self._memory).cast("Q")
        self._rows = [numbers[place * fields : (place + 1) * fields] for place in self._places]
        pairs = [socket.socketpair(socket.AF_UNIX, _KIND) for _ in self._places]
        self._outboxes = [outbox for outbox, _ in pairs]
        self._inboxes = [inbox for _, inbox in pairs]
        for end in (*self._outboxes, *self._inboxes):
            end.setblocking(False)
        self._place = 0
        self._lock = threading.Lock()

    def join(self, place: int) -> Peers:
        """Become the worker at ``place``; a worker calls it once.

        Returns:
            The workers as this one sees them. It is alone if the number of places is lower, which
            two reloads in a row can cause.
        """
        if place not in self._places:
            return Peers(1).join(0)
        self._place = place
        self._row[_UNDER_WAY] = self._row[_SEEN] = 0
        return self

    @property
    def inbox(self) -> socket.socket:
        """The socket on which this worker receives connections from others."""
        return self._inboxes[self._place]

    def begin_request(self) -> None:
        """Count a request that begins in this worker."""
        with self._lock:
            self._row[_UNDER_WAY] += 1

    def end_request(self) -> None:
        """Count the end of a request; any thread of this worker may call it."""
        with self._lock:
            self._row[_UNDER_WAY] -= 1

    def report_alive(self, takes_requests: bool) -> None:
        """Report that this worker runs, and whether it takes requests of others."""
        self._row[_SEEN] = time.monotonic_ns() if takes_requests else 0

    def hand_over(self, connection: socket.socket, received: bytes | bytearray) -> bool:
        """Hand a request over to a worker with clearly fewer requests, if there is one.

        Args:
            connection: the client's connection. After a handover, the caller closes its descriptor.
            received: the bytes of a complete request.

        Returns:
            Whether the request was handed over.
        """
        mine = self._row[_UNDER_WAY]
        if not mine or len(received) > MOST_BYTES:
            return False
        fewest, place = self._least_busy()
        # A handover costs some 40 us. With a smaller distance than one and a half times as many,
        # workers with nearly equal numbers would pass connections to and fro.
        if place is None or 2 * mine <= 3 * fewest:
            return False
        return self._send(place, connection, received)

    def receive(self) -> Iterator[tuple[socket.socket, bytes]]:
        """Receive the connections from other workers, each with the bytes of its request."""
        while True:
            try:
                received, descriptors, _, _ = socket.recv_fds(self.inbox, MOST_BYTES, 1)
            except BlockingIOError:
                return
            self._row[_TAKEN] += 1
            for descriptor in descriptors:  # empty if this process had no free descriptor
                yield socket.socket(fileno=descriptor), received

    def pass_on_requests_of(self, place: int) -> None:
        """Pass the connections in the socket of a dead worker on to the others.

        The master calls it. If no other worker takes requests, the connections stay in the socket,
        for the new worker at this place.
        """
        if place not in self._places:  # this worker was alone, see ``join``
            return
        self._place = place
        self._row[_UNDER_WAY] = self._row[_SEEN] = 0
        for sock, received in list(self.receive()):
            with sock:
                _, other = self._least_busy()
                self._send(place if other is None else other, sock, received)

    @property
    def _row(self) -> memoryview[int]:
        return self._rows[self._place]

    def _send(self, place: int, connection: socket.socket, received: bytes | bytearray) -> bool:
        # Counted before it is sent: the receiver must not count it first.
        self._row[_HANDED + place] += 1
        try:
            socket.send_fds(self._outboxes[place], [received], [connection.fileno()])
        except OSError:  # the socket is full, or the machine is out of memory
            self._row[_HANDED + place] -= 1
            return False
        return True

    def _least_busy(self) -> tuple[int, int | None]:
        """Return the lowest number of requests of another worker, and its place, if any."""
        since = time.monotonic_ns() - int(_SILENT_AFTER * 1e9)
        others = [
            (self._requests_at(place), place)
            for place in self._places
            if place != self._place and self._rows[place][_SEEN] > since
        ]
        return min(others, default=(0, None))

    def _requests_at(self, place: int) -> int:
        """Return the number of requests that are under way at ``place``, or in its socket."""
        row = self._rows[place]
        handed = sum(one[_HANDED + place] for one in self._rows)
        return row[_UNDER_WAY] + max(0, handed - row[_TAKEN])


#: The indexes of a worker's numbers. From the last one on, there is a number for each place.
_UNDER_WAY, _SEEN, _TAKEN, _HANDED = range(4)
