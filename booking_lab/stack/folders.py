"""The data folder of a lab, which is permanent, and the run folder, which is temporary."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import IO

from booking_lab.stack import accounts
from booking_lab.stack.errors import AlreadyRunning, StackError

_log = logging.getLogger(__name__)

_PREFIX = "booking-lab-"
#: The longest path below the run folder; the path of a Unix socket has at most 107 bytes.
_LONGEST_SOCKET = "x/postgresql/.s.PGSQL.5432"


class DataFolder:
    """The folder with a lab's data, its logs and its state file.

    Attributes:
        path: the folder.
        cluster: the folder of PostgreSQL's data.
        state: the state file.
        log: the log of the service and of the supervisor.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.cluster = self.path / "postgresql"
        self.state = self.path / "state.json"
        self.log = self.path / "booking-lab.log"

    def log_of(self, part: str) -> Path:
        """Return the log file of one part; all instances of the service share one log."""
        return self.log if part.startswith("service") else self.path / f"{part}.log"

    def create(self) -> None:
        """Create the folder, and check that it can be written to.

        Raises:
            StackError: the folder can't be written; the error has the reason.
        """
        try:
            _make(self.path)
            probe = self.path / ".probe"
            with probe.open("wb") as file:
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
            probe.unlink()
        except OSError as error:
            raise StackError(
                f"The data folder {self.path} can't be written: {error.strerror}. "
                f"Free some space or change its permissions, or choose another with --data."
            ) from None

    def lock(self) -> IO[str]:
        """Lock the folder until this process ends or closes the file.

        Raises:
            AlreadyRunning: another process has locked it.
            StackError: the folder belongs to another user.
        """
        lock = self.path / "lock"
        try:
            file = lock.open("a")
        except OSError as error:
            raise StackError(f"{lock} can't be written: {error.strerror}.") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise AlreadyRunning from None
        return file


def default_data_folder() -> Path:
    """Return the default data folder of this user."""
    if not os.geteuid():
        return Path("/var/lib/booking-lab")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "booking-lab"


def _make(folder: Path) -> None:
    """Create a folder and its parents, independent of the umask.

    For root, other users can enter the folder but not list it, because PostgreSQL runs as another
    user.
    """
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700 if os.geteuid() else 0o711)


def make_run_folder(user: accounts.User | None) -> Path:
    """Create the folder for sockets and metrics of one run: with a short path, open to ``user``."""
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base / f"{_PREFIX}12345678" / _LONGEST_SOCKET)) > 107 or (
        user and accounts.closed_folder(base, user)
    ):
        base = Path("/tmp")  # the folder itself gets a random name below
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        complete_run_folder(folder, user)
    except OSError as error:
        raise StackError(f"No folder could be made below {base}: {error.strerror}.") from None
    return folder


def complete_run_folder(folder: Path, user: accounts.User | None) -> None:
    """Create the missing parts of a run folder, or the folder itself.

    Raises:
        OSError: they can't be created.
        FileExistsError: another user has created the folder.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise FileExistsError(errno.EEXIST, "it belongs to another user", str(folder))
    (folder / "metrics").mkdir(exist_ok=True)
    sockets = folder / "postgresql"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if user:
        folder.chmod(0o711)
        os.chown(sockets, *user)


def make_mark_file(mark: Path) -> None:
    """Create an empty file that makes /ready answer 503; log an error if that fails."""
    try:
        mark.touch()
    except OSError as error:
        _log.error("the mark of a stop can't be created: %s", error)


def remove_run_folder(path: str) -> None:
    """Remove a folder that ``make_run_folder`` has created, and no other folder.

    The path comes from a state file, which may be wrong.
    """
    folder = Path(path)
    if not folder.name.startswith(_PREFIX) or folder.is_symlink() or not folder.is_dir():
        return
    if folder.stat().st_uid == os.geteuid() and (folder / "metrics").is_dir():
        shutil.rmtree(folder, ignore_errors=True)


def tail(path: Path, lines: int = 8) -> str:
    """Return the last lines of a file, indented; empty: there are none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return ""
    return "".join(f"\n  {line}" for line in last if line.strip())
