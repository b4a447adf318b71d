"""Processes whose lines aren't counted."""

import os


def uncounted() -> dict[str, str]:
    """The environment of such a process.

    It runs faster. And the counting takes a lock: if Ctrl-C comes just then, the lock is never let
    go, and the process waits for it for ever.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
