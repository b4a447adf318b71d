"""A gunicorn worker whose main loop does all waiting for clients, so that threads never wait.

A thread gets a request when its head and body are complete, and is free again when the answer is in
memory. So a client that sends or reads slowly, or keeps its connection open, occupies a descriptor
and no thread, and all its waits have time limits. In gunicorn's own worker, a thread waits for all
bytes after the first one, and the main loop waits for the end of each connection.
"""

from __future__ import annotations

import errno
import io
import resource
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.message import Request
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from booking_lab.config import Settings
from booking_lab.stack.service.balancing import Peers
from booking_lab.stack.service.complaints import check_unambiguous, error_response
from booking_lab.stack.service.connection import Connection, ConnectionState, ReceivedBytes

#: Seconds that a client has to close its end after the last answer.
_END_SECONDS = 2.0
#: The highest number of connections of one worker.
MOST_CONNECTIONS = 1000
#: At that number, the connections that have waited longest are closed, after this many seconds.
_EVICT_AFTER = 1.0
_LOOK_EVERY = 0.2
#: Seconds in which a stopping worker still receives requests that others have decided to hand over.
_DECIDED_SECONDS = 0.1
_NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class LabWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker in which no thread waits for a client.

    It closes its listening sockets as soon as it stops accepting. Otherwise new connections would
    wait until the last request under way is answered.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = self.app.settings
        self.worker_connections = _most_connections(settings)
        self._most_body = settings.max_body
        self._seconds = {
            ConnectionState.IDLE: settings.keepalive,
            ConnectionState.REQUEST: settings.request_timeout,
            ConnectionState.ANSWER: settings.request_timeout,
            ConnectionState.END: _END_SECONDS,
        }
        self._peers: Peers = self.app.peers
        # Ordered by the begin of the wait.
        self._waiting: dict[Connection, None] = {}
        self._checked_at = 0.0

    def run(self) -> None:
        """Serve until told to stop."""
        self._peers = self.app.peers.join(self.place)
        self.poller.register(self._peers.inbox, selectors.EVENT_READ, self._accept_handed_over)
        super().run()

    def notify(self) -> None:
        """Report to the master and to the other workers that this worker runs."""
        super().notify()
        self._peers.report_alive(self._accepting)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Enable or disable accepting; close the listening sockets when the worker stops."""
        super().set_accept_enabled(enabled)
        self._peers.report_alive(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()

    def accept(self, listener: Any) -> None:
        """Accept a new connection."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return  # another worker was faster, or the client has gone
        except OSError as error:
            if error.errno not in _NO_DESCRIPTORS:
                raise
            self._evict_idle()
            return
        self.nr_conns += 1
        self._wait(
            Connection(sock, client, listener.getsockname(), self._most_body), ConnectionState.IDLE
        )

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections that have waited too long; with ``force``, all that wait."""
        now = time.monotonic()
        if not force and now < self._checked_at + _LOOK_EVERY:
            return
        self._checked_at = now
        for conn in list(self._waiting):
            if force or now > conn.since + self._seconds[conn.state]:
                self._stop_waiting(conn)
                self._time_out(conn, force)
        if self.nr_conns >= self.worker_connections:
            self._evict_idle()

    def _cap_keepalive(self, _deadline: float) -> None:
        # The worker is stopping. Other workers may have decided to hand a request over to it.
        self.wait_for_and_dispatch_events(_DECIDED_SECONDS)
        # gunicorn waits a moment for further requests.
        self._seconds[ConnectionState.IDLE] = STOP_KEEPALIVE_LINGER
        for conn in self._waiting:
            if conn.state is ConnectionState.IDLE:
                conn.since = time.monotonic()

    # --- the main loop: connections wait ---------------------------------------------------------

    def _wait(self, conn: Connection, state: ConnectionState) -> None:
        conn.state, conn.since = state, time.monotonic()
        self._waiting[conn] = None
        event = selectors.EVENT_WRITE if state is ConnectionState.ANSWER else selectors.EVENT_READ
        self.poller.register(conn.sock, event, partial(self._on_ready, conn))

    def _stop_waiting(self, conn: Connection) -> None:
        del self._waiting[conn]
        self.poller.unregister(conn.sock)

    def _on_ready(self, conn: Connection, _sock: socket.socket) -> None:
        if conn not in self._waiting:
            return  # another event of the same poll has closed it
        if conn.state is ConnectionState.ANSWER:
            if conn.send():
                self._stop_waiting(conn)
                self._after_answer(conn)
            return
        data = conn.receive()
        if data == b"":
            self._stop_waiting(conn)
            self._close(conn)
        elif data and conn.state is not ConnectionState.END:
            self._receive(conn, data)

    def _receive(self, conn: Connection, data: bytes) -> None:
        if conn.state is ConnectionState.IDLE:
            conn.state, conn.since = ConnectionState.REQUEST, time.monotonic()
        try:
            conn.incoming.add(data)
        except LimitRequestHeaders as error:
            self._stop_waiting(conn)
            self._refuse(conn, error)
            return
        conn.send_continue_if_expected()
        if conn.incoming.complete:
            self._stop_waiting(conn)
            if self._peers.hand_over(conn.sock, conn.incoming.received):
                self._close(conn)
            else:
                self._begin(conn)

    def _accept_handed_over(self, _inbox: socket.socket) -> None:
        for sock, received in self._peers.receive():
            try:
                conn = Connection(sock, sock.getpeername(), sock.getsockname(), self._most_body)
            except OSError:  # the client has gone
                sock.close()
                continue
            self.nr_conns += 1
            conn.incoming.add(received)
            # Served here in any case; otherwise it could go round.
            self._begin(conn)

    def _begin(self, conn: Connection) -> None:
        self._peers.begin_request()
        self.tpool.submit(self._serve, conn)

    def _send_rest(self, conn: Connection) -> None:
        if conn.send():
            self._after_answer(conn)
        else:
            self._wait(conn, ConnectionState.ANSWER)

    def _after_answer(self, conn: Connection) -> None:
        if not conn.keep:
            self._end(conn)
            return
        self._wait(conn, ConnectionState.IDLE)
        conn.begin_next()
        if conn.ahead:
            self._receive(conn, conn.ahead)

    def _time_out(self, conn: Connection, force: bool) -> None:
        if conn.state is ConnectionState.REQUEST and not force:
            seconds = f"{self._seconds[ConnectionState.REQUEST]:g}"
            late = f"The request was not all there within {seconds} seconds"
            self._refuse(conn, TimeoutError(late))
        else:
            self._close(conn)

    def _refuse(self, conn: Connection, error: Exception) -> None:
        conn.replace_answer(error_response(error))
        conn.send()
        self._end(conn)

    def _end(self, conn: Connection) -> None:
        # The rest of the client's data is read: a reset could discard the answer.
        if conn.hang_up():
            self._wait(conn, ConnectionState.END)
        else:
            self._close(conn)

    def _close(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.sock.close()

    def _evict_idle(self) -> None:
        long_ago = time.monotonic() - _EVICT_AFTER
        may_go = [conn for conn in self._waiting if conn.since < long_ago]
        for conn in may_go[: max(1, self.worker_connections // 10)]:
            self._stop_waiting(conn)
            self._close(conn)

    # --- a thread: the request is there ----------------------------------------------------------

    def _serve(self, conn: Connection) -> None:
        try:
            self._answer(conn)
        except BaseException as error:  # the client gets an answer in any case
            conn.replace_answer(error_response(error))
        finally:
            # Before the answer is sent: the client's next request would find the worker busy.
            self._peers.end_request()
            conn.send()
            self.method_queue.defer(self._send_rest, conn)

    def _answer(self, conn: Connection) -> None:
        incoming, conn.requests = conn.incoming, conn.requests + 1
        received = ReceivedBytes(bytes(incoming.received))
        request = Request(self.cfg, received, conn.client, conn.requests)
        request._expected_100_continue = False  # 100 Continue was sent already
        check_unambiguous(request)
        response, environ = wsgi.create(request, conn, conn.client, conn.server, self.cfg)
        environ["wsgi.multithread"] = True
        self._put_body(environ, request, incoming.too_long)
        if not self.alive or incoming.too_long:
            response.force_close()
        answer = self.wsgi(environ, response.start_response)
        try:
            for piece in answer:
                response.write(piece)
            response.close()
        finally:
            if hasattr(answer, "close"):
                answer.close()
        conn.keep, conn.ahead = not response.should_close(), received.take_buffered()

    def _put_body(self, environ: dict[str, Any], request: Request, too_long: bool) -> None:
        """Pass the body on in one piece with its length; of a too long body, only the length."""
        body = b"" if too_long else request.body.read()
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.pop("HTTP_TRANSFER_ENCODING", None):
            environ["CONTENT_LENGTH"] = str(self._most_body + 1 if too_long else len(body))


def _most_connections(settings: Settings) -> int:
    """Return the number of connections that the limit of descriptors leaves for clients."""
    own = settings.booking_pool + settings.read_pool + 2 * settings.threads + 128
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(64, min(MOST_CONNECTIONS, allowed - own))
