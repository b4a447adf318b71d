"""The user that runs PostgreSQL, which refuses to run as root, and the rights of that user."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from booking_lab.stack.errors import StackError

User = tuple[int, int]


def for_postgres(cluster: Path) -> User | None:
    """Return the user for PostgreSQL; none: the current user.

    Root runs it as the owner of existing data, so that a user's data folder keeps its owner. New
    data belongs to ``nobody``.
    """
    if os.geteuid():
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid:
        return owner.st_uid, owner.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StackError(
            "PostgreSQL refuses to run as root, and this system has no user 'nobody' to run it "
            "as. Run this as an ordinary user, or set DATABASE_URL to a server of your own."
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def has_access(path: Path, wanted: int, user: User) -> bool:
    """Whether the mode of ``path`` gives ``user`` the ``wanted`` bits (4: read, 1: enter)."""
    status = path.stat()
    if status.st_uid == user[0]:
        shift = 6
    elif status.st_gid == user[1]:
        shift = 3
    else:
        shift = 0
    return (stat.S_IMODE(status.st_mode) >> shift) & wanted == wanted


def closed_folder(path: Path, user: User) -> Path | None:
    """Return the topmost of ``path`` and its parents that ``user`` can't enter, or none."""
    way = [*reversed(path.resolve().parents), path.resolve()]
    return next((folder for folder in way if not has_access(folder, 1, user)), None)


def user_name(user: User) -> str:
    """Return the name of a user, or its id if it has no name."""
    try:
        return pwd.getpwuid(user[0]).pw_name
    except KeyError:
        return str(user[0])
