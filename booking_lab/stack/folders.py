"""The data folder, which lasts, and the run folder, which lives as long as the lab."""

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
#: A Unix socket's address holds 107 bytes; this is the longest that is put below the run folder.
_LONGEST_SOCKET = "x/postgresql/.s.PGSQL.5432"


class DataFolder:
    """Where a lab keeps its data, its logs and what `status` and `down` need to know."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.cluster = self.path / "postgresql"
        self.state = self.path / "state.json"
        self.log = self.path / "booking-lab.log"

    def log_of(self, part: str) -> Path:
        """Return the log file of one part; all instances of the service share the lab's."""
        return self.log if part.startswith("service") else self.path / f"{part}.log"

    def create(self) -> None:
        """Make the folder and see that it can be written to.

        Raises:
            StackError: it can't be, and why.
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
                f"Free some space or mend its rights, or choose another with --data."
            ) from None

    def lock(self) -> IO[str]:
        """Take the folder for this process, until it ends or closes the file.

        Raises:
            AlreadyRunning: another process has it.
            StackError: the folder is somebody else's.
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
    """Return where the data goes when nobody says."""
    if not os.geteuid():
        return Path("/var/lib/booking-lab")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "booking-lab"


def _make(folder: Path) -> None:
    """Make a folder for this user, with those above it, whatever the umask is.

    Others may pass through if we are root (PostgreSQL runs as another user), but not look around.
    """
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700 if os.geteuid() else 0o711)


def make_run_folder(user: accounts.User | None) -> Path:
    """Make the folder for sockets and other files of one run: short of name, open to ``user``."""
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
    """Make what is missing of a run folder, the folder itself included.

    Raises:
        OSError: it can't be made; ``FileExistsError``: somebody else has made it.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise FileExistsError(errno.EEXIST, "somebody else has it", str(folder))
    (folder / "metrics").mkdir(exist_ok=True)
    sockets = folder / "postgresql"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if user:
        folder.chmod(0o711)
        os.chown(sockets, *user)


def make_mark_file(mark: Path) -> None:
    """Make an empty file; without it, somebody is told later that a stop is under way."""
    try:
        mark.touch()
    except OSError as error:
        _log.error("the mark of a stop can't be made: %s", error)


def remove_run_folder(path: str) -> None:
    """Remove what ``make_run_folder`` made, and nothing else, whatever a state file says."""
    folder = Path(path)
    if not folder.name.startswith(_PREFIX) or folder.is_symlink() or not folder.is_dir():
        return
    if folder.stat().st_uid == os.geteuid() and (folder / "metrics").is_dir():
        shutil.rmtree(folder, ignore_errors=True)


def tail(path: Path, lines: int = 8) -> str:
    """Return the last lines of a file, indented; empty if there are none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
    except OSError:
        return ""
    return "".join(f"\n  {line}" for line in last if line.strip())
