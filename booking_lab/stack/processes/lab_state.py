"""What a running lab writes down, for `status`, `down` and a later `up`."""

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

#: The kind of part that an instance of the service is.
SERVICE = "service"


def kind_and_number(name: str) -> tuple[str, str]:
    """Return what a part is one of, and which one: ``service`` and ``2`` for ``service-2``."""
    kind, _, number = name.partition("-")
    return kind, number


@dataclass
class ProcessState:
    """One process under the supervisor, or the supervisor itself."""

    name: str
    process: Process
    since: float
    url: str = ""
    restarts: int = 0

    @property
    def alive(self) -> bool:
        """Whether it runs at this moment."""
        return self.process.alive


@dataclass
class LabState:
    """A lab as its supervisor last wrote it down.

    Attributes:
        supervisor: the process that holds everything together.
        phase: starting, running or stopping.
        url: where the service is; empty while it isn't, or if there is none.
        run_folder: sockets, metrics, and the mark of a stop under way.
        database_url: the embedded PostgreSQL; empty for a server of the user's own.
        redis_url: the embedded Valkey; empty for a server of the user's own.
        redlock_urls: the embedded servers for Redlock; empty for servers of the user's own.
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
        """Replace the file in one step: a reader sees the old or the new, never a half."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=1))
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> LabState | None:
        """Return what was written; none if there is nothing, or nothing that makes sense.

        Raises:
            StackError: it is closed to us.
        """
        try:
            raw = json.loads(path.read_text())
            parts = [_part(part) for part in raw.pop("parts")]
            return cls(supervisor=_part(raw.pop("supervisor")), parts=parts, **raw)
        except PermissionError as error:
            raise StackError(
                f"{path} can't be read: {error.strerror}. It is somebody else's lab; name another "
                f"folder with --data."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @property
    def instances(self) -> dict[str, ProcessState]:
        """The instances of the service, by their numbers."""
        named = [(*kind_and_number(part.name), part) for part in self.parts]
        return {number: part for kind, number, part in named if kind == SERVICE}

    @property
    def everyone(self) -> list[ProcessState]:
        """The supervisor and its parts."""
        return [self.supervisor, *self.parts]


def _part(raw: dict[str, Any]) -> ProcessState:
    return ProcessState(process=Process(**raw.pop("process")), **raw)


def clear_up_after_kill(data: DataFolder) -> bool:
    """Clear up after a supervisor that was killed; returns whether there was anything.

    The kernel told its parts to stop when it died, so they first get time to do so.
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
