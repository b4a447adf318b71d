"""Checks that no other user can change code that the lab imports, and so run code as this user."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path


def written_by_others(folder: Path, files: Iterable[Path] = ()) -> str | None:
    """Return how a user other than root and this one can change the files of ``folder``, if so.

    Args:
        folder: the folder. The folders above it count too: a user who can write to one of them can
            replace the folder.
        files: the files and folders in it to check; of a link, its target.

    Returns:
        The reason in words; none if no other user can.
    """
    for place in files:
        if place.is_symlink() and (reason := written_by_others(place.resolve().parent)):
            return reason
        if reason := _reason(place.resolve(), inside=True):
            return reason
    for place in _folder_and_parents(folder):
        if reason := _reason(place, inside=place in {folder, folder.resolve()}):
            return reason
    return None


def _folder_and_parents(folder: Path) -> Iterator[Path]:
    """Yield the folder and its parents, with and without resolved links."""
    for path in dict.fromkeys((folder.absolute(), folder.resolve())):
        yield path
        yield from path.parents


def _reason(place: Path, *, inside: bool) -> str | None:
    try:
        status = place.lstat()
    except FileNotFoundError:
        return None
    if status.st_uid not in {0, os.geteuid()}:
        return f"{place} belongs to {_name(status.st_uid)}, not to root or to who runs the lab"
    # The mode of a link has no meaning; its target is checked as well.
    if stat.S_ISLNK(status.st_mode):
        return None
    # In a folder like /tmp, users can't replace files of others, but they can add files.
    if status.st_mode & stat.S_ISVTX and stat.S_ISDIR(status.st_mode) and not inside:
        return None
    shared = status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid, status.st_uid)
    if shared or status.st_mode & stat.S_IWOTH:
        return f"others may write to {place} (chmod go-w {place} ends that)"
    return None


@cache
def _is_private(group: int, user: int) -> bool:
    """Return whether the group has no other member; many systems give each user such a group."""
    try:
        members = set(grp.getgrgid(group).gr_mem)
    except KeyError:
        return False
    everyone = pwd.getpwall()
    members |= {one.pw_name for one in everyone if one.pw_gid == group}
    return members <= {one.pw_name for one in everyone if one.pw_uid == user}


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
