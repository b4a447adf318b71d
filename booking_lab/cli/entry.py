"""Where the program ``booking-lab`` begins."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any


def run() -> Any:
    """Run the command line.

    While its modules are imported, Ctrl-C simply ends the process: Python would print where it
    was. From then on, click says in one word that it was interrupted.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    _forget_the_working_folder()
    from booking_lab.cli.main import main

    signal.signal(signal.SIGINT, before)
    return main()


def _forget_the_working_folder() -> None:
    """Import nothing from where the user happens to stand.

    Python looks there if PYTHONPATH has an empty or a relative part, such as the first one of
    ``PYTHONPATH=$PYTHONPATH:/mine`` if it was not set before.
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
