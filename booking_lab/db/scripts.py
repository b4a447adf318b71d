"""Numbered scripts of SQL: each runs once on a database, and stays as it is from then on."""

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
    """A script, and what tells whether it is still the one that ran."""

    number: int
    name: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """A hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class ScriptRun:
    """A script that ran on a database.

    Attributes:
        digest: that of its text at that time.
        ran_by: the version of the lab that ran it.
        objects: what the part has in the database after it, if it was the last one of its start.
    """

    number: int
    name: str
    digest: str
    ran_by: str
    objects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SchemaPart:
    """What has tables of its own: the lab, or a workload.

    Attributes:
        name: as it stands in the database and in messages; no two parts share it.
        scripts: in the order of their numbers, which begin with 1 and have no gap.
    """

    name: str
    scripts: tuple[Script, ...]

    def pending(self, ran: Iterable[ScriptRun]) -> tuple[Script, ...]:
        """The scripts that have not run yet."""
        numbers = {one.number for one in ran}
        return tuple(script for script in self.scripts if script.number not in numbers)

    def mismatch(self, ran: Iterable[ScriptRun]) -> str | None:
        """Say in a sentence why the scripts aren't those that ran; none if they are."""
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
    """Return the lab's own part, which is the first."""
    return SchemaPart("the lab", _read(resources.files("booking_lab.db").joinpath("migrations")))


def of_workload(workload: LabWorkload) -> SchemaPart:
    """Return a workload's part.

    Raises:
        ConfigurationError: its folder holds no scripts, or they have other names or numbers than
            they are to have.
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
