"""Numbered SQL scripts: each runs once on a database, and never changes after that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable

from booking_lab import __version__
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.errors import ConfigurationError

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True)
class Script:
    """A script; its digest shows whether its text has changed since it ran.

    Attributes:
        number: its number, from 1.
        name: the name of its file.
        text: the SQL.
    """

    number: int
    name: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """A hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class ScriptRun:
    """The record of a script that ran on a database.

    Attributes:
        number: its number, from 1.
        name: the name of its file.
        digest: the digest of its text at that time.
        ran_by: the version of the lab that ran it.
        objects: the database objects of its part after it; empty unless it was the last script of
            a start.
    """

    number: int
    name: str
    digest: str
    ran_by: str
    objects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SchemaPart:
    """A part of the database with scripts of its own: the lab's part, or that of a workload.

    Attributes:
        name: the unique name, in the database and in messages.
        scripts: the scripts in the order of their numbers, which begin with 1 and have no gap.
    """

    name: str
    scripts: tuple[Script, ...]

    def pending(self, ran: Iterable[ScriptRun]) -> tuple[Script, ...]:
        """Return the scripts that have not run yet."""
        numbers = {one.number for one in ran}
        return tuple(script for script in self.scripts if script.number not in numbers)

    def mismatch(self, ran: Iterable[ScriptRun]) -> str | None:
        """Return, as a sentence, how the scripts differ from those that ran; none if they don't."""
        for one in ran:
            if one.number > len(self.scripts):
                return (
                    f"The database is newer than this lab: version {one.ran_by} ran script "
                    f"{one.name} of {self.name} on it, and this version {__version__} has none "
                    f"after {self.scripts[-1].name}. Start a lab that has it."
                )
            if one.digest != self.scripts[one.number - 1].digest:
                return (
                    f"Script {one.name} of {self.name} has changed since booking-lab {one.ran_by} "
                    f"ran it on the database: restore it, and put the change into a new script."
                )
        return None


def of_lab() -> SchemaPart:
    """Return the lab's own part, which comes first."""
    return SchemaPart("the lab", _read(resources.files("booking_lab.db").joinpath("migrations")))


def of_workload(workload: LabWorkload) -> SchemaPart:
    """Return a workload's part.

    Raises:
        ConfigurationError: its folder has no scripts, or their names or numbers are wrong.
    """
    return SchemaPart(f"workload {workload.name}", _read(workload.migrations()))


def _read(folder: Traversable) -> tuple[Script, ...]:
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    if not names:
        raise ConfigurationError(f"{folder} holds no script; the first is 0001_what_it_does.sql.")
    scripts = []
    for number, name in enumerate(names, 1):
        named = _NAME.fullmatch(name)
        if not named or int(named[1]) != number:
            raise ConfigurationError(
                f"{folder.joinpath(name)} has to be called {number:04}_what_it_does.sql: scripts "
                f"are numbered from 0001 on without a gap, and their names have lower case "
                f"letters, digits and underscores."
            )
        scripts.append(Script(number, name, folder.joinpath(name).read_text(encoding="utf-8")))
    return tuple(scripts)
