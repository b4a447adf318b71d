"""Standard output and standard error of a command: any encoding, closed streams, closed pipes."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def prepare_streams() -> None:
    """Make standard output and error writable for any text, even if they were closed."""
    # Otherwise the next file that is opened would get the descriptor of a closed stream, and all
    # that is printed would go into that file.
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(opened)
    sys.stdout = _until_enough(sys.stdout) if sys.stdout else _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Output(io.FileIO):
    """Standard output that a reader may close early, as ``| head`` does.

    A closed pipe changes neither the work of a command nor its exit code: the rest of the output
    is discarded.
    """

    reader_has_gone = False

    def write(self, data: Any) -> int:
        """Write to the pipe while it is open."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            _Output.reader_has_gone = True
            discard_output()
            return len(data)


def reader_has_gone() -> bool:
    """Whether the reader of standard output has closed the pipe."""
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
    """Whether ``error`` comes from standard output. An error of another file has a file name."""
    return error.filename is None and error.errno in _UNWRITABLE


def discard_output() -> None:
    """Discard all further output, so that Python's flush at exit does not fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
