"""What tests of Ctrl-C need."""

import os


def uncovered() -> dict[str, str]:
    """The environment of a process whose lines aren't counted.

    The counting of lines takes a lock. If Ctrl-C comes just then, the lock is never let go, and the
    process waits for it for ever.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
