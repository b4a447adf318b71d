"""The embedded PostgreSQL's data: made once, checked at each start."""

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
    """See that ``user`` can work in the data folder.

    Raises:
        StackError: PostgreSQL could not reach its cluster, or it is of another version.
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
            f"It may be somebody else's; choose another with --data."
        ) from None
    wanted = metadata.version(PACKAGE).partition(".")[0]
    if found not in (None, wanted):
        raise StackError(
            f"{data.cluster} holds data of PostgreSQL {found}; this is {wanted}. "
            f"Choose another folder with --data."
        )


def initialise(
    data: DataFolder, binaries: Path, user: accounts.User | None, *, durable: bool
) -> None:
    """Make the cluster; a half-made one from an interrupted start is thrown away first."""
    unfinished = data.path / "postgresql.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user:
        os.chown(unfinished, *user)
    command: list[str | Path] = [binaries / "initdb", "-D", unfinished, "-U", NAME]
    # The socket's folder is closed to others, so who can connect may.
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
    """Let a server start though its lock file names a process, if that is not the cluster's server.

    PostgreSQL itself sees that nobody has the number, but can't tell who has it. The file is not
    removed: it also names the shared memory, and from that PostgreSQL knows whether sessions of a
    server that was killed still live. So it gets the number of the server's parent, this process,
    which PostgreSQL takes for no other server.
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
    """Whether its server was told to stop; on SIGTERM it waits until every session has ended."""
    try:
        return (cluster / "postmaster.pid").read_text().split()[-1] == "stopping"
    except (OSError, IndexError):
        return False


def _runs_in(pid: int, folder: Path) -> bool:
    """Whether there is a process with this number in ``folder``, where a server always is."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:  # there is none, or one of another user, who has no servers there
        return False


def create_database(run_folder: Path) -> None:
    """Create the lab's database if it isn't there."""
    with Connector(url(run_folder, "postgres"), statement_timeout=60).session(5) as session:
        there = session.execute(
            "SELECT 1 FROM pg_database WHERE datname = %(name)s", {"name": NAME}
        )
        if not there:
            session.execute(f"CREATE DATABASE {NAME}")
