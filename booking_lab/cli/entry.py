"""The entry point of the program ``booking-lab``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any


def run() -> Any:
    """Run the command line.

    While its modules are imported, Ctrl-C ends the process at once: Python would print a
    traceback. Afterwards, click handles Ctrl-C and prints one word.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    _remove_working_folder_from_path()
    from booking_lab.cli.main import main

    signal.signal(signal.SIGINT, before)
    return main()


def _remove_working_folder_from_path() -> None:
    """Prevent imports from the working folder.

    Python imports from the working folder if PYTHONPATH has an empty or a relative part. The first
    part of ``PYTHONPATH=$PYTHONPATH:/mine`` is empty if the variable was not set before.
    """
    path = os.environ.pop("PYTHONPATH", "")
    if not path:
        return
    parts = [Path(part) for part in path.split(os.pathsep)]
    meant = [part for part in parts if part.is_absolute()]
    if meant:
        os.environ["PYTHONPATH"] = os.pathsep.join(map(str, meant))
    others = {part.absolute() for part in parts} - {*meant}
    sys.path[:] = [place for place in sys.path if Path(place).absolute() not in others]
