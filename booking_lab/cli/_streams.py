"""The standard streams of a command, whatever they are connected to."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def prepare_streams() -> None:
    """See that anything can be written: in any encoding, and to streams that were closed."""
    # What is opened next would else get a closed stream's number, and with it what is printed.
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(opened)
    sys.stdout = _until_enough(sys.stdout) if sys.stdout else _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Output(io.FileIO):
    """What is printed. Whoever reads it may have seen enough (``| head``) and close the pipe.

    That changes nothing of what a command does, nor how it ends: the rest goes nowhere.
    """

    reader_has_gone = False

    def write(self, data: Any) -> int:
        """Write to the pipe as long as there is one."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            _Output.reader_has_gone = True
            discard_output()
            return len(data)


def reader_has_gone() -> bool:
    """Whether nobody reads any more what is printed."""
    return _Output.reader_has_gone


def _until_enough(stream: Any) -> Any:
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # a test's
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(number, "w", closefd=False)),
        encoding=stream.encoding,
        line_buffering=stream.line_buffering,
    )


def is_output_error(error: OSError) -> bool:
    """Whether what we print could not be written; an error with a file of ours names the file."""
    return error.filename is None and error.errno in _UNWRITABLE


def discard_output() -> None:
    """Write nothing any more: what is left in the buffer would fail once more as Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
