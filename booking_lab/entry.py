"""Where the program ``booking-lab`` begins."""

from __future__ import annotations

import signal
from typing import Any


def run() -> Any:
    """Run the command line.

    While its modules are imported, Ctrl-C simply ends the process: Python would print where it
    was. From then on, click says in one word that it was interrupted.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from booking_lab.cli import main

    signal.signal(signal.SIGINT, before)
    return main()
