"""A lab for a block of code, as tests, the demo and the benchmark use it."""

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
    """A running lab.

    Attributes:
        url: the URL of the service, for all instances together; empty: there is no service.
        urls: the URL of each instance, by its name.
        database_url: the URL of PostgreSQL.
        redis_url: the URL of Valkey or Redis.
        redlock_urls: the URLs of Redlock's independent servers; empty if Valkey isn't installed and
            the settings name no servers.
        run_folder: the folder with sockets and metrics.
        data: the data folder, with the logs.
        supervisor: the process that runs the lab.
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
        """The process ids of all parts at this moment, by name."""
        state = LabState.read(self.data.state)
        return {part.name: part.process.pid for part in state.everyone} if state else {}

    def worker_settings(self, settings: Settings, instance: str) -> Settings:
        """Return the settings of a further worker on the servers of this lab.

        Args:
            settings: its other settings.
            instance: the name of its instance.
        """
        return replace(
            settings,
            database_url=self.database_url,
            redis_url=self.redis_url,
            redlock_urls=self.redlock_urls,
            instance=instance,
        )


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
    """Run a lab for the block; it ends with the block or with this process.

    The calling thread has to live as long as the lab, because the kernel ends the lab with it.

    Args:
        data: the data folder; by default a temporary one.
        port: the port of the service; 0: any free port.
        instances: the number of instances; 0: only PostgreSQL and the Valkey servers.
        durable: whether data survives a power cut; by default true unless the folder is temporary.
        settings: the settings of the lab; by default those of the environment.
        progress: called with a line for each step of the start.
        **changes: single settings that differ, such as ``workers=2``.

    Raises:
        StackError: the lab could not be started; nothing of it is left.
    """
    forget_clients_environment()
    settings = replace(settings or Settings.from_environment(), **changes)
    durable = data is not None if durable is None else durable
    folder = data or Path(tempfile.mkdtemp(prefix="booking-lab-data-"))
    try:
        if data is None:
            # PostgreSQL's user has to be able to enter subfolders.
            folder.chmod(0o711)
        data_folder = DataFolder(folder)
        spec = LaunchSpec(str(data_folder.path), port, instances, durable)
        supervisor = launch(spec, settings, progress)
        try:
            yield _lab(data_folder, settings, supervisor)
        finally:
            end(data_folder, supervisor)
    finally:
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded(**arguments: Any) -> Iterator[RunningLab]:
    """Run only PostgreSQL and the Valkey servers for the block; arguments as for ``running``."""
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
