"""Reads a recorded history; ``booking_lab.observers.history`` describes its lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from booking_lab.checker.operation import Effect, Operation
from booking_lab.checker.parsed_history import Header, History
from booking_lab.checker.request_parser import request_factory
from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.workload import Request
from booking_lab.errors import BookingLabError, UnknownKind
from booking_lab.observers.history import FORMAT
from booking_lab.validation import field_errors
from booking_lab.workloads import Workloads

#: The identity of a database that a worker could not query.
UNKNOWN_DATABASE = ""
_PROGRESS_EVERY = 4096
#: The begin of each line.
_BEGINNING = b'{"type":'
_ANSWERS = {"ok": Effect.HAPPENED, "fail": Effect.NONE, "info": Effect.POSSIBLE}


class BadHistory(BookingLabError):
    """The file is not a valid history."""

    code = "bad_history"

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")


class HistoryReader:
    """Reads one file.

    Args:
        file: the file.
        workloads: the workloads that can occur in it.
        progress: called from time to time with the number of bytes read.
    """

    def __init__(
        self,
        file: Path,
        workloads: Workloads,
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        self._file = file
        self._workloads = workloads
        self._progress = progress
        self._history = History()
        self._under_way: dict[str, Operation] = {}
        self._databases: dict[str, str] = {}
        self._factories: dict[str, Callable[[Any], Request]] = {}
        self._clock: str | None = None
        self._line = 0

    def read(self) -> History:
        """Read the whole file.

        Raises:
            BadHistory: a line is not valid; the message has its number and the reason.
        """
        with self._file.open("rb") as file:
            position = 0
            for self._line, line in enumerate(file, 1):
                position += len(line)
                if self._line % _PROGRESS_EVERY == 0:
                    self._progress(position)
                event = self._event(line)
                if event is not None:
                    self._process(event, position)
        if not self._history.headers:
            raise BadHistory(self._file, 1, "there is no header; is this a recorded history?")
        self._fill_in_databases()
        return self._history

    def _event(self, line: bytes) -> dict[str, Any] | None:
        """Return the event of a line; none if it contains no complete event."""
        try:
            event = json.loads(line)
        except ValueError as error:
            event = self._behind_a_cut(line)
            if event is None and line.strip() and not _was_begun(line):
                raise self._error(f"this is no JSON: {error}") from None
            self._history.truncated |= bool(line.strip())
            return event
        if not isinstance(event, dict):
            raise self._error("this is no JSON object")
        return event

    @staticmethod
    def _behind_a_cut(line: bytes) -> dict[str, Any] | None:
        """Return the complete event that follows an incomplete one on the same line.

        If a worker is killed while it writes, or the disk is full, its line is incomplete, and the
        line of the next writer follows directly. Only a complete event can be parsed up to the end
        of the line.
        """
        at = line.find(_BEGINNING, 1)
        while at > 0:
            try:
                event = json.loads(line[at:])
            except ValueError:
                at = line.find(_BEGINNING, at + 1)
            else:
                return event if isinstance(event, dict) else None
        return None

    def _process(self, event: dict[str, Any], position: int) -> None:
        try:
            kind = event["type"]
            if kind == "header":
                self._header(event)
            elif not self._history.headers:
                raise self._error("there is no header before it; is this a recorded history?")
            elif kind == "invoke":
                self._invoke(event)
            elif kind in _ANSWERS:
                self._answer(event, position)
            else:
                raise self._error(f"nothing is known of type {kind!r}")
        except KeyError as error:
            raise self._error(f"it has no {error}") from None
        except (TypeError, AttributeError) as error:
            raise self._error(f"a value is not of its kind: {error}") from None

    def _header(self, event: dict[str, Any]) -> None:
        if event["format"] != FORMAT:
            raise self._error(f"it is of format {event['format']!r}; this reads format {FORMAT}")
        if self._clock not in (None, event["clock"]):
            raise self._error(
                "it was recorded after another boot, so that its times can't be compared with "
                "those before; record into a new file"
            )
        self._clock = event["clock"]
        worker, database = str(event["worker"]), str(event["database"] or UNKNOWN_DATABASE)
        self._history.workers.add(worker)
        self._databases[worker] = database
        self._history.headers.append(Header(int(event["time"]), database, event["fresh"] or {}))

    def _invoke(self, event: dict[str, Any]) -> None:
        process = event["process"]
        if process in self._under_way:
            raise self._error(f"process {process} is under way already")
        workload = self._workload(event["workload"])
        operation = Operation(
            process=process,
            action=str(event["f"]),
            workload=workload.name,
            scope=event["scope"],
            database=self._databases.get(event["worker"], UNKNOWN_DATABASE),
            invoked=_whole(event["time"]),
            line=self._line,
            worker=event["worker"],
        )
        if operation.action != "reset":
            operation.strategy = event["strategy"]
            self._set_request(operation, workload, event["value"])
        self._under_way[process] = operation
        self._history.operations.append(operation)

    def _answer(self, event: dict[str, Any], position: int) -> None:
        operation = self._under_way.pop(event["process"], None)
        if operation is None:
            raise self._error(f"this answers process {event['process']}, which asked for nothing")
        operation.returned, operation.answered_at = _whole(event["time"]), position
        if operation.returned < operation.invoked:
            raise self._error("it was answered before it began")
        operation.effect = _ANSWERS[event["type"]]
        if operation.action == "reset":
            operation.available = event["value"] or {}
        else:
            self._set_outcome(operation, event)
        if operation.effect is Effect.POSSIBLE:
            operation.returned = None

    def _set_outcome(self, operation: Operation, event: dict[str, Any]) -> None:
        operation.outcome, operation.code = event["outcome"], event["code"]
        operation.message, operation.booking_id = event["message"], event["booking_id"]
        if operation.effect is Effect.NONE and operation.outcome == Outcome.REFUSED:
            operation.effect = Effect.REFUSED
        if "value" in event:
            self._set_request(operation, self._workload(operation.workload), event["value"])
        if operation.effect is Effect.HAPPENED and operation.unassigned:
            raise self._error("it was confirmed, and nothing says what was chosen for it")

    def _set_request(self, operation: Operation, workload: LabWorkload, value: Any) -> None:
        try:
            request = self._requests(workload)(value)
        except ValidationError as error:
            first = field_errors(error, "value")[0]
            raise self._error(f"it is no request for {workload.name}: {first}") from None
        except ValueError as error:
            raise self._error(f"it is no request for {workload.name}: {error}") from None
        operation.request = request
        operation.subject = workload.subject(request)
        operation.anchors = tuple(anchor.name for anchor in workload.anchors(request))

    def _requests(self, workload: LabWorkload) -> Callable[[Any], Request]:
        if workload.name not in self._factories:
            self._factories[workload.name] = request_factory(workload.request)
        return self._factories[workload.name]

    def _workload(self, name: str) -> LabWorkload:
        try:
            return self._workloads.get(name)
        except UnknownKind as error:
            raise self._error(f"{error} BOOKING_LAB_WORKLOADS names folders with more.") from None

    def _fill_in_databases(self) -> None:
        """Fill in an unknown database, if the history has exactly one known database."""
        known = {header.database for header in self._history.headers} - {UNKNOWN_DATABASE}
        if len(known) == 1:
            for operation in self._history.operations:
                operation.database = operation.database or next(iter(known))

    def _error(self, reason: str) -> BadHistory:
        return BadHistory(self._file, self._line, reason)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no time in nanoseconds")
    return value


def _was_begun(line: bytes) -> bool:
    return line.startswith(_BEGINNING) or _BEGINNING.startswith(line.strip())
