"""Commands in messages, in a form that works in the reader's shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from booking_lab.stack.folders import default_data_folder


def command(verb: str, data: Path | None = None) -> str:
    """Return a command of the lab in backquotes, as it works in the working folder.

    Args:
        verb: the name of the command, such as ``down``.
        data: the data folder; the command names it unless it is the default.
    """
    words = [_program(), verb]
    if data is not None and data != _default_data_folder():
        words += ["--data", str(data)]
    return f"`{shlex.join(words)}`"


def _program() -> str:
    """Return the name of the program if the shell finds it, and otherwise its path."""
    ours = Path(sys.executable).with_name("booking-lab")
    if not ours.exists() or shutil.which(ours.name) == str(ours):
        return ours.name
    return str(ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours)


def _default_data_folder() -> Path:
    """Return the data folder of a command without --data."""
    return Path(os.environ.get("BOOKING_LAB_DATA") or default_data_folder()).absolute()
