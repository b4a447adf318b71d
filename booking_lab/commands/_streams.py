"""The standard streams of a command, whatever they are connected to."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def settle() -> None:
    """See that anything can be written: in any encoding, and to streams that were closed."""
    # What is opened next would else get a closed stream's number, and with it what is printed.
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(opened)
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_of_output(error: OSError) -> bool:
    """Whether what we print could not be written; an error with a file of ours names the file."""
    return error.filename is None and error.errno in _UNWRITABLE


def give_up_output() -> None:
    """Write nothing any more: what is left in the buffer would fail once more as Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
