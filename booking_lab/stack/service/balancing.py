"""The requests of an instance are shared evenly among its worker processes.

The kernel gives a connection to the worker that accepts it first, and a client that keeps its
connection stays there: one worker can have a line of requests while another one is idle. So a
worker that receives a request while it has clearly more of them under way than another one hands
the request over, together with its connection. The connection is the other worker's from then on.

A connection travels as a descriptor over a Unix socket (SCM_RIGHTS, unix(7)). Each worker has a
place with a socket of its own there. Master and workers hold all ends of all sockets, so that the
master can hand what was on its way to a worker that has died to another one.
"""

from __future__ import annotations

import mmap
import socket
import threading
import time
from collections.abc import Iterator

#: Bytes of a request that are handed over at most: one message of a Unix socket takes them.
MOST_BYTES = 65_536
#: Seconds without a sign of life after which a worker is handed nothing. An idle one wakes up once
#: a second.
_SILENT_AFTER = 2.0
_NUMBER = 8


class Peers:
    """The workers of one instance, as each of them sees the others.

    Made in the master, before the workers are forked. Each number in the memory that they share is
    written by one worker alone, so that no lock between processes is needed: how many requests it
    has under way, when it last said that it takes requests (0: it takes none), how many it was
    handed in all, and how many it has handed to each of the others.

    Args:
        places: how many workers there may be at a time, a reload included.
    """

    def __init__(self, places: int) -> None:
        self._places = range(places)
        fields = 3 + places
        self._memory = mmap.mmap(-1, places * fields * _NUMBER)
        numbers = memoryview(self._memory).cast("Q")
        self._rows = [numbers[place * fields : (place + 1) * fields] for place in self._places]
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in self._places]
        self._outboxes = [outbox for outbox, _ in pairs]
        self._inboxes = [inbox for _, inbox in pairs]
        for end in (*self._outboxes, *self._inboxes):
            end.setblocking(False)
        self._place = 0
        self._lock = threading.Lock()

    def join(self, place: int) -> Peers:
        """Be the worker at ``place``; called once, in the worker.

        Returns:
            What this worker sees: itself alone, if there are fewer places. (Two reloads in a row.)
        """
        if place not in self._places:
            return Peers(1).join(0)
        self._place = place
        self._row[_UNDER_WAY] = self._row[_SEEN] = 0
        return self

    @property
    def inbox(self) -> socket.socket:
        """Where this worker is handed connections."""
        return self._inboxes[self._place]

    def begin_request(self) -> None:
        """Count one more request that this worker has under way."""
        with self._lock:
            self._row[_UNDER_WAY] += 1

    def end_request(self) -> None:
        """Count one less; any thread of this worker may call it."""
        with self._lock:
            self._row[_UNDER_WAY] -= 1

    def say_alive(self, takes_requests: bool) -> None:
        """Tell the others that this worker runs, and whether it takes requests."""
        self._row[_SEEN] = time.monotonic_ns() if takes_requests else 0

    def hand_over(self, connection: socket.socket, received: bytes | bytearray) -> bool:
        """Hand a request over to a worker with clearly less to do, if there is one.

        Args:
            connection: the client's; if it was handed over, the caller closes its own descriptor.
            received: what the client has sent, a whole request.

        Returns:
            Whether it was handed over.
        """
        mine = self._row[_UNDER_WAY]
        if not mine or len(received) > MOST_BYTES:
            return False
        fewest, place = self._least_busy()
        # More than one and a half times as many is what makes it worth the costs, some 40 us:
        # without that distance, workers with nearly as many would pass each other's connections to
        # and fro.
        if place is None or 2 * mine <= 3 * fewest:
            return False
        return self._send(place, connection, received)

    def receive(self) -> Iterator[tuple[socket.socket, bytes]]:
        """Take the connections that were handed to this worker, each with its request."""
        while True:
            try:
                received, descriptors, _, _ = socket.recv_fds(self.inbox, MOST_BYTES, 1)
            except BlockingIOError:
                return
            self._row[_TAKEN] += 1
            for descriptor in descriptors:  # none: no descriptor was free for it
                yield socket.socket(fileno=descriptor), received

    def bury(self, place: int) -> None:
        """Hand what is on its way to a worker that has died to the others; called in the master.

        If there are no others, it waits for the worker that will replace it.
        """
        self._place = place
        self._row[_UNDER_WAY] = self._row[_SEEN] = 0
        for sock, received in list(self.receive()):
            with sock:
                _, other = self._least_busy()
                self._send(place if other is None else other, sock, received)

    def close(self) -> None:
        """Close this process' ends."""
        for end in (*self._outboxes, *self._inboxes):
            end.close()

    @property
    def _row(self) -> memoryview[int]:
        return self._rows[self._place]

    def _send(self, place: int, connection: socket.socket, received: bytes | bytearray) -> bool:
        # Counted first: the receiver must not count it before its sender does.
        self._row[_HANDED + place] += 1
        try:
            socket.send_fds(self._outboxes[place], [received], [connection.fileno()])
        except OSError:  # the socket is full, or the machine is out of memory
            self._row[_HANDED + place] -= 1
            return False
        return True

    def _least_busy(self) -> tuple[int, int | None]:
        """Return the fewest requests that one of the others has, and its place; none: nobody."""
        since = time.monotonic_ns() - int(_SILENT_AFTER * 1e9)
        others = [
            (self._requests_at(place), place)
            for place in self._places
            if place != self._place and self._rows[place][_SEEN] > since
        ]
        return min(others, default=(0, None))

    def _requests_at(self, place: int) -> int:
        """Return how many requests are under way at ``place``, or on their way to it."""
        row = self._rows[place]
        handed = sum(one[_HANDED + place] for one in self._rows)
        return row[_UNDER_WAY] + max(0, handed - row[_TAKEN])


#: A worker's numbers in the shared memory; the last ones are as many as there are places.
_UNDER_WAY, _SEEN, _TAKEN, _HANDED = range(4)
