"""The recorder of histories: the invocation and the answer of every booking, as lines of JSON.

All workers of all instances on a machine append to one file. Each line is one write to a file that
is open for appending, so lines don't mix. Their order is the order of the writes, which can differ
from the order of their times. When the disk is full, or a worker is killed during a write, a line
can be incomplete. The next line follows directly, or on a new line if the same worker writes it.
No information gets lost by that: nothing was done without its ``invoke``, and an operation without
its answer counts as unknown. Times are nanoseconds of CLOCK_MONOTONIC, which is the same clock in
every process of a machine until it is booted again.

Every line is an object with ``type``:

``header``: a worker begins to record. ``format`` 1; ``worker``; ``time``; ``at``, the same moment
as a date; ``clock``, the boot that ``time`` counts from; ``database``, the identity of the
database; ``fresh``, by workload and scope, the things to book in scopes without bookings. The last
two are null if the database did not answer.

``invoke``: an operation begins. ``process``: the logical client, one for each operation; for a
booking, the id of its attempt. ``f``: ``book``, ``move``, ``cancel`` or ``reset``. ``workload``,
``scope``, ``anchors``: the rows contended for. ``value``: the request. ``strategy``, ``worker``,
``time``.

``ok``, ``fail``, ``info``: the answer to the ``invoke`` of the same ``process``: the operation took
effect, it did not, or nobody knows. ``f``, ``worker``, ``time``. The answer of a booking has
``outcome``, ``code``, ``message``, ``tries`` and ``booking_id``, and ``value`` again if things were
chosen for it. A ``fail`` with the outcome ``refused`` has seen that the thing was not free; any
other ``fail`` has seen nothing. The ``value`` of a reset has the things that it has left to book,
as in ``fresh``.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from booking_lab.core.booking import Booking, Outcome
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.observer import Observer
from booking_lab.core.workload import Request, Session
from booking_lab.errors import (
    BookingLabError,
    CommitUnknown,
    NotFound,
    PluginFault,
    Unavailable,
    safe_text,
)
from booking_lab.observers.initial_facts import ResetRecording, initial_facts

log = logging.getLogger(__name__)

FORMAT = 1
_TYPES = {Outcome.CONFIRMED: "ok", Outcome.UNKNOWN: "info"}
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def open_history(file: str | Path) -> int:
    """Open a file to append a history to, and return its descriptor.

    Raises:
        BookingLabError: it can't be written.
    """
    try:
        # It contains names of customers, so others must not read it.
        return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BookingLabError(
            f"The history {file} can't be written: {error.strerror}. "
            f"Name another file with --history or BOOKING_LAB_HISTORY."
        ) from None


class HistoryRecorder(Observer):
    """Appends the operations of one worker to a history.

    Args:
        file: the file.
        worker: this process, as ``instance/pid``.
    """

    def __init__(self, file: str | Path, worker: str) -> None:
        self._file = file
        self._descriptor = open_history(file)
        self._worker = worker
        self._incomplete = False
        self._broken_off = False
        self._header: bytes = b""
        self._header_lock = threading.Lock()

    def begin(self, session: Session | None, workloads: Iterable[LabWorkload] = ()) -> None:
        """Write the header; without a session, its values of the database are null.

        If it can't be written now, it is written before the next line.
        """
        known = initial_facts(session, workloads) if session else {"database": None, "fresh": None}
        clock = _BOOT.read_text().strip() if _BOOT.exists() else ""
        at = datetime.now(UTC).isoformat()
        self._header = self._line("header", format=FORMAT, at=at, clock=clock, **known)
        try:
            self._write_header()
        except OSError as error:
            log.error("the history %s can't be written: %s", self._file, error)

    @contextmanager
    def booking(self, booking: Booking) -> Iterator[None]:
        """Write the booking's invocation, and later its answer.

        Raises:
            Unavailable: the invocation can't be written. A booking that is missing in the history
                would make it worthless, so there is no booking.
            PluginFault: a plug-in workload fails.
        """
        asked, workload = booking.request, booking.workload
        process, action = str(asked.id), asked.action
        try:
            anchors = [anchor.name for anchor in workload.anchors(asked)]
            value = _as_json(asked)
        except Exception as error:  # of a plug-in workload
            raise PluginFault(
                f"The workload {workload.name} failed: {safe_text(error)}."
            ) from error
        self._invoke(
            process=process,
            f=action,
            workload=workload.name,
            scope=booking.scope,
            anchors=anchors,
            value=value,
            strategy=booking.strategy.name,
        )
        kind = "info"  # stays if the worker is interrupted
        try:
            yield
            kind = _TYPES.get(booking.outcome, "fail") if booking.outcome else "info"
        except NotFound:
            kind = "fail"
            raise
        finally:
            chosen = booking.request
            self._answer(
                kind,
                process=process,
                f=action,
                outcome=booking.outcome or ("not_found" if kind == "fail" else "unknown"),
                code=booking.code,
                message=booking.message,
                tries=booking.tries,
                booking_id=booking.booking_id,
                **({} if chosen == asked else {"value": _as_json(chosen)}),
            )

    @contextmanager
    def reset(
        self, workload: LabWorkload, scope: str, session: Session
    ) -> Iterator[ResetRecording]:
        """Write a reset's invocation, and later its result.

        Raises:
            Unavailable: the invocation can't be written; nothing was reset.
        """
        process = str(uuid4())
        self._invoke(process=process, f="reset", workload=workload.name, scope=scope, anchors=[])
        kind, done = "info", ResetRecording(workload, scope, session)
        try:
            yield done
            kind = "ok"
        except BookingLabError as error:
            kind = "info" if isinstance(error, CommitUnknown) else "fail"
            raise
        finally:
            self._answer(kind, process=process, f="reset", value=done.left)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _invoke(self, **event: Any) -> None:
        try:
            self._append("invoke", **event)
        except OSError as error:
            raise Unavailable(
                f"The history {self._file} can't be written: {error.strerror}. Nothing was done; "
                f"free some space, or start the lab without a history."
            ) from error

    def _answer(self, kind: str, **event: Any) -> None:
        # The operation can't be undone. Without its answer, it counts as unknown.
        try:
            self._append(kind, **event)
        except OSError as error:
            if not self._incomplete:
                log.error("the history %s lacks answers from now on: %s", self._file, error)
            self._incomplete = True

    def _append(self, kind: str, **event: Any) -> None:
        if self._header:
            self._write_header()
        self._write(self._line(kind, **event))

    def _write_header(self) -> None:
        with self._header_lock:
            if self._header:
                self._write(self._header)
                self._header = b""

    def _line(self, kind: str, **event: Any) -> bytes:
        stamped = {"type": kind, **event, "worker": self._worker, "time": time.monotonic_ns()}
        return json.dumps(stamped, separators=(",", ":")).encode() + b"\n"

    def _write(self, line: bytes) -> None:
        if self._broken_off:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        self._broken_off = written < len(line)
        if self._broken_off:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _as_json(request: Request) -> Any:
    kind = type(request)
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind].dump_python(request, mode="json")


#: To create one takes longer than a thousand uses.
_adapters: dict[type[Request], TypeAdapter[Any]] = {}
