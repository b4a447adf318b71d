"""A lab for a block of code: what tests, the demo and the benchmark run on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from booking_lab.config import Settings, forget_clients_environment
from booking_lab.stack.control import Progress, end, launch
from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import DataFolder, tail
from booking_lab.stack.launch_spec import LaunchSpec
from booking_lab.stack.processes.lab_state import LabState


def _silent(_line: str) -> None:
    pass


@dataclass(frozen=True)
class RunningLab:
    """A lab that runs.

    Attributes:
        url: the service, all instances together; empty if there is none.
        urls: each instance by itself, by its name.
        database_url: PostgreSQL.
        redis_url: Valkey or Redis.
        redlock_urls: the servers for Redlock, each independent of the others; empty if Valkey
            isn't installed and none of one's own are set.
        run_folder: sockets and metrics.
        data: the data folder, with the logs.
        supervisor: the process that holds it together.
    """

    url: str
    urls: dict[str, str]
    database_url: str
    redis_url: str
    redlock_urls: tuple[str, ...]
    run_folder: Path
    data: DataFolder
    supervisor: subprocess.Popen[bytes]

    @property
    def pids(self) -> dict[str, int]:
        """Every part's process id at this moment, by the part's name."""
        state = LabState.read(self.data.state)
        return {part.name: part.process.pid for part in state.everyone} if state else {}


@contextmanager
def running(
    *,
    data: Path | None = None,
    port: int = 0,
    instances: int = 1,
    durable: bool | None = None,
    settings: Settings | None = None,
    progress: Progress = _silent,
    **changes: Any,
) -> Iterator[RunningLab]:
    """Run a lab of one's own for the block; it ends with the block or with this process.

    Start it from a thread that lives as long as the lab (the kernel ties it to the thread).

    Args:
        data: the data folder; by default one that is thrown away, and with it the data.
        port: the service's port; 0: any that is free.
        instances: how many; 0: PostgreSQL and the Valkey servers alone.
        durable: whether data survives a power cut; by default unless the folder is thrown away.
        settings: the lab's settings; by default the environment's.
        progress: gets a line for each step of the start.
        **changes: single settings that differ, as ``workers=2``.

    Raises:
        StackError: it could not be started; nothing is left behind.
    """
    forget_clients_environment()
    settings = replace(settings or Settings.from_environment(), **changes)
    durable = data is not None if durable is None else durable
    folder = data or Path(tempfile.mkdtemp(prefix="booking-lab-data-"))
    try:
        if data is None:
            # PostgreSQL's user has to pass through.
            folder.chmod(0o711)
        place = DataFolder(folder)
        plan = LaunchSpec(str(place.path), port, instances, durable)
        supervisor = launch(plan, settings, progress)
        try:
            yield _lab(place, settings, supervisor)
        finally:
            end(place, supervisor)
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded(**arguments: Any) -> Iterator[RunningLab]:
    """Run PostgreSQL and the Valkey servers alone for the block; takes what ``running`` takes."""
    with running(instances=0, **arguments) as lab:
        yield lab


def _lab(data: DataFolder, settings: Settings, supervisor: subprocess.Popen[bytes]) -> RunningLab:
    state = LabState.read(data.state)
    if state is None:
        raise StackError(f"The lab ended at once; {data.log} ends with:{tail(data.log)}")
    return RunningLab(
        url=state.url,
        urls={number: part.url for number, part in state.instances.items()},
        database_url=settings.database_url or state.database_url,
        redis_url=settings.redis_url or state.redis_url,
        redlock_urls=settings.redlock_urls or tuple(state.redlock_urls),
        run_folder=Path(state.run_folder),
        data=data,
        supervisor=supervisor,
    )
