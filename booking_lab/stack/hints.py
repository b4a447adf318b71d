"""Commands that a message names, such that they can be pasted into the reader's shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from booking_lab.stack.folders import default_data_folder


def command(verb: str, data: Path | None = None) -> str:
    """Return a command of the lab, in backquotes, as it works where the reader stands.

    Args:
        verb: ``down``, for example.
        data: the data folder that it is about, named if the command would look elsewhere.
    """
    words = [_program(), verb]
    if data is not None and data != _default_data_folder():
        words += ["--data", str(data)]
    return f"`{shlex.join(words)}`"


def _program() -> str:
    """The program's name if the shell finds it, and else its path."""
    ours = Path(sys.executable).with_name("booking-lab")
    if not ours.exists() or shutil.which(ours.name) == str(ours):
        return ours.name
    return str(ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours)


def _default_data_folder() -> Path:
    """The folder that a command takes which is told none."""
    return Path(os.environ.get("BOOKING_LAB_DATA") or default_data_folder()).absolute()
