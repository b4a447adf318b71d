"""Rotation of logs that processes keep open."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

#: Bytes of a log before it is rotated; one older file is kept.
LARGEST_LOG = 20_000_000

_log = logging.getLogger(__name__)


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending. Only its owner can read it, because it names customers.

    Raises:
        OSError: the file can't be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(PermissionError):  # the file of another user who lets us write to it
        os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "ab")


def rotate(folder: Path) -> None:
    """Rotate the logs in ``folder`` that are too large.

    A log is copied and truncated, because the processes keep the file open. Lines that are written
    in between are lost, as with logrotate's ``copytruncate``. On a full disk, nothing is changed.
    """
    for log in folder.glob("*.log"):
        try:
            if log.stat().st_size > LARGEST_LOG:
                _rotate(log)
        except OSError as error:
            _log.error("%s is too large and can't be rotated: %s", log, error.strerror)


def _rotate(log: Path) -> None:
    older = log.with_name(f"{log.name}.1")
    older.unlink(missing_ok=True)  # first, because the disk may be nearly full
    unfinished = log.with_name(f"{log.name}.new")
    try:
        with log.open("rb") as source, open_log(unfinished) as copy:
            shutil.copyfileobj(source, copy, 1_000_000)
        unfinished.replace(older)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    os.truncate(log, 0)
