"""The data folder of the embedded PostgreSQL: created once, checked at each start."""

from __future__ import annotations

import errno
import os
import shutil
from importlib import metadata
from pathlib import Path

from booking_lab.db.connector import Connector
from booking_lab.stack import accounts
from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import DataFolder, tail
from booking_lab.stack.processes import process
from booking_lab.stack.processes.rotation import open_log
from booking_lab.stack.servers.postgres import NAME, PACKAGE, url


def check(data: DataFolder, user: accounts.User | None) -> None:
    """Check that ``user`` can reach the data, and that it has the right version.

    Raises:
        StackError: the user can't reach the data, or it is of another version.
    """
    if user and (closed := accounts.closed_folder(data.path, user)):
        raise StackError(
            f"PostgreSQL runs as {accounts.user_name(user)}, not as root, and can't enter "
            f"{closed}. Open that folder (chmod o+x {closed}) or choose another with --data."
        )
    version = data.cluster / "PG_VERSION"
    try:
        found = version.read_text().strip() if data.cluster.exists() else None
    except OSError as error:
        raise StackError(
            f"{data.cluster} can't be used: {error.strerror} ({version.name}). "
            f"It may belong to another user; choose another with --data."
        ) from None
    wanted = metadata.version(PACKAGE).partition(".")[0]
    if found not in (None, wanted):
        raise StackError(
            f"{data.cluster} has data of PostgreSQL {found}; this is {wanted}. "
            f"Choose another folder with --data."
        )


def initialise(
    data: DataFolder, binaries: Path, user: accounts.User | None, *, durable: bool
) -> None:
    """Create the cluster; remove an incomplete one of an interrupted start first."""
    unfinished = data.path / "postgresql.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user:
        os.chown(unfinished, *user)
    command: list[str | Path] = [binaries / "initdb", "-D", unfinished, "-U", NAME]
    # Other users can't reach the socket, so every connection is trusted.
    command += ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin"]
    command += ["--locale=C.UTF-8", "--no-instructions"]
    if not durable:
        command += ["--no-sync"]
    log = data.log_of("postgresql")
    with open_log(log) as output:
        failed = process.start(command, user=user, output=output).wait()
    if failed:
        shutil.rmtree(unfinished, ignore_errors=True)
        text = tail(log)
        for why in (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), os.strerror(errno.EFBIG)):
            if why in text:
                raise StackError(
                    f"PostgreSQL could not be set up in {data.path}: {why}. "
                    f"It takes 50 MB: free some space, or choose another folder with --data."
                )
        raise StackError(f"PostgreSQL's initdb failed; {log} ends with:{text}")
    unfinished.rename(data.cluster)


def replace_stale_lock(cluster: Path) -> None:
    """Replace the process id in a lock file if that process is not the cluster's server.

    PostgreSQL refuses to start if a process with that id exists. The file is not removed, because
    it also names the shared memory, by which PostgreSQL finds sessions of a killed server. So the
    file gets the id of this process, the parent of the server, which PostgreSQL accepts.
    """
    lock = cluster / "postmaster.pid"
    try:
        first, *others = lock.read_text().splitlines(keepends=True)
        pid = int(first)
    except (OSError, ValueError):
        return
    if not _runs_in(pid, cluster):
        lock.write_text("".join([f"{os.getpid()}\n", *others]))


def is_stopping(cluster: Path) -> bool:
    """Whether the server was told to stop; after SIGTERM it waits for the end of all sessions."""
    try:
        return (cluster / "postmaster.pid").read_text().split()[-1] == "stopping"
    except (OSError, IndexError):
        return False


def _runs_in(pid: int, folder: Path) -> bool:
    """Whether a process with this id has ``folder`` as working folder, as PostgreSQL has."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:  # there is no such process, or it belongs to another user
        return False


def create_database(run_folder: Path) -> None:
    """Create the lab's database, unless it exists."""
    with Connector(url(run_folder, "postgres"), statement_timeout=60).session(5) as session:
        there = session.execute(
            "SELECT 1 FROM pg_database WHERE datname = %(name)s", {"name": NAME}
        )
        if not there:
            session.execute(f"CREATE DATABASE {NAME}")
