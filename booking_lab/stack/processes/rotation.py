"""Logs that don't grow for ever, though those who write them keep them open."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

#: Bytes of a log before it is put aside; one older one is kept.
LARGEST_LOG = 20_000_000

_log = logging.getLogger(__name__)


def open_log(path: Path) -> IO[bytes]:
    """Open a log to append to; it is its owner's alone, for it names customers.

    Raises:
        OSError: it can't be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(PermissionError):  # somebody else's, who lets us write to it
        os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")


def rotate(folder: Path) -> None:
    """Put aside the logs in ``folder`` that are too large.

    A log is copied and emptied: the processes go on writing to the file that they have. What they
    write in between is lost, as with logrotate's ``copytruncate``. On a full disk, nothing is done.
    """
    for log in folder.glob("*.log"):
        try:
            if log.stat().st_size > LARGEST_LOG:
                _rotate(log)
        except OSError as error:
            _log.error("%s is too large and can't be put aside: %s", log, error.strerror)


def _rotate(log: Path) -> None:
    older = log.with_name(f"{log.name}.1")
    older.unlink(missing_ok=True)  # room first: this is when there may be little
    unfinished = log.with_name(f"{log.name}.new")
    try:
        with log.open("rb") as source, open_log(unfinished) as copy:
            shutil.copyfileobj(source, copy, 1_000_000)
        unfinished.replace(older)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    os.truncate(log, 0)
