"""The state file of a running lab, for `status`, `down` and a later `up`."""

from __future__ import annotations

import json
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import DataFolder, remove_run_folder
from booking_lab.stack.processes.process import Process, descendants

#: The kind of parts that are instances of the service.
SERVICE = "service"


def kind_and_number(name: str) -> tuple[str, str]:
    """Return the kind and the number of a part: ``service`` and ``2`` for ``service-2``."""
    kind, _, number = name.partition("-")
    return kind, number


@dataclass
class ProcessState:
    """The state of one process of the supervisor, or of the supervisor itself."""

    name: str
    process: Process
    since: float
    url: str = ""
    restarts: int = 0

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self.process.alive


@dataclass
class LabState:
    """The state of a lab, as last written by its supervisor.

    Attributes:
        supervisor: the supervisor's process.
        phase: starting, running or stopping.
        url: the URL of the service; empty before it listens, or if there is no service.
        run_folder: the folder with sockets, metrics, and the mark of a stop.
        database_url: the URL of the embedded PostgreSQL; empty for a server of the user's own.
        redis_url: the URL of the embedded Valkey; empty for a server of the user's own.
        redlock_urls: the URLs of Redlock's embedded servers; empty for servers of the user's own.
        parts: the processes of the supervisor.
    """

    supervisor: ProcessState
    phase: str
    url: str
    run_folder: str
    database_url: str
    redis_url: str
    redlock_urls: list[str] = field(default_factory=list)
    parts: list[ProcessState] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Replace the file atomically: a reader sees either the old or the new state."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=1))
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> LabState | None:
        """Read the file; none: there is no file, or it can't be parsed.

        Raises:
            StackError: this user may not read it.
        """
        try:
            raw = json.loads(path.read_text())
            parts = [_part(part) for part in raw.pop("parts")]
            return cls(supervisor=_part(raw.pop("supervisor")), parts=parts, **raw)
        except PermissionError as error:
            raise StackError(
                f"{path} can't be read: {error.strerror}. The lab belongs to another user; name "
                f"another folder with --data."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @property
    def instances(self) -> dict[str, ProcessState]:
        """The instances of the service, by number."""
        named = [(*kind_and_number(part.name), part) for part in self.parts]
        return {number: part for kind, number, part in named if kind == SERVICE}

    @property
    def everyone(self) -> list[ProcessState]:
        """The supervisor and all its processes."""
        return [self.supervisor, *self.parts]


def _part(raw: dict[str, Any]) -> ProcessState:
    return ProcessState(process=Process(**raw.pop("process")), **raw)


def clear_up_after_kill(data: DataFolder) -> bool:
    """Clear up after a supervisor that was killed; return whether there was a state file.

    The kernel has sent a signal to its processes when it died. They get some time to end.
    """
    state = LabState.read(data.state)
    if state is None:
        return False
    left = [part.process for part in state.parts if part.alive]
    left += [child for parent in list(left) for child in descendants(parent.pid)]
    deadline = time.monotonic() + 8
    for process in left:
        if not process.wait(max(0.0, deadline - time.monotonic())):
            process.send(signal.SIGKILL)
            process.wait(5)
    remove_run_folder(state.run_folder)
    with suppress(OSError):
        data.state.unlink()
    return True
