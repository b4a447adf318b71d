"""Ties a process to the life of its parent, then becomes the program that is to run.

Run as a file (``python -I -S die_with_parent.py PARENT SIGNAL USER -- PROGRAM ...``), it imports nothing but
the standard library, so that it costs milliseconds and works before any package does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int, with_signal: int) -> None:
    """Have the kernel send ``with_signal`` to this process when ``parent`` ends, however it ends.

    The kernel watches the parent's *thread* that started this process. A parent that ended before
    the call is noticed too: then this process ends at once.
    """
    _prctl(_PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, to be able to end it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def drop_root(user: str) -> None:
    """Give up root for the user with this number (and its group); does nothing for ``-``."""
    if user == "-":
        return
    uid, _, gid = user.partition(":")
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    # The folder that root stood in may be closed to this user.
    os.chdir("/")


def main(arguments: list[str]) -> None:
    """Run the program named after ``--`` on the leash."""
    parent, with_signal, user, _, *program = arguments
    # The starter may have blocked signals to wait for them; the program must not inherit that.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    drop_root(user)
    # After the change of user: that clears the signal that the kernel was asked to send.
    die_with_parent(int(parent), int(with_signal))
    try:
        os.execv(program[0], program)
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr)
        os._exit(127)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    main(sys.argv[1:])
