"""Makes a process die with its parent, and then runs a program in it.

It runs as a file: ``python -I -S die_with_parent.py PARENT SIGNAL USER -- PROGRAM ...``. It imports
the standard library only, so that it takes milliseconds and needs no package.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int, with_signal: int) -> None:
    """Make the kernel send ``with_signal`` to this process when ``parent`` ends in any way.

    The kernel watches the *thread* of the parent that started this process. If the parent has
    ended before the call, this process ends at once.
    """
    _prctl(_PR_SET_PDEATHSIG, with_signal)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that this one can end it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def drop_root(user: str) -> None:
    """Change from root to the user ``uid:gid``; ``-``: stay as we are."""
    if user == "-":
        return
    uid, _, gid = user.partition(":")
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
    # The working folder of root may be closed to this user.
    os.chdir("/")


def main(arguments: list[str]) -> None:
    """Run the program after ``--`` in this process, which dies with its parent."""
    parent, with_signal, user, _, *program = arguments
    # The parent may block signals, to wait for them; the program must not inherit that.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    drop_root(user)
    # After the change of user, because that clears the signal which the kernel is asked to send.
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
