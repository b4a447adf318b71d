"""The kept list of harmful changes, and how one is made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("changes.toml")


class DoesNotFit(Exception):
    """The code is no longer what a change was written for; the list has to follow it."""


@dataclass(frozen=True)
class Change:
    """One harmful change.

    Attributes:
        what: what is wrong afterwards, in a sentence.
        file: the file, from the repository's root.
        old: the text to replace; it stands in the file exactly once.
        new: the text in its place.
        tests: what pytest runs to catch it: files, or tests by their ids.
        only: pytest's ``-k``; empty: all of these tests.
    """

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    only: str = ""

    @property
    def selection(self) -> tuple[str, ...]:
        """pytest's arguments."""
        return (*self.tests, "-k", self.only) if self.only else self.tests

    def applied(self, root: Path) -> str:
        """Return the file's text with the change, from the checkout at ``root``.

        Raises:
            DoesNotFit: the old text isn't there, or is there more than once.
        """
        text = (root / self.file).read_text()
        if (times := text.count(self.old)) != 1:
            raise DoesNotFit(f"{self.what}: the text to replace is in {self.file} {times} times")
        return text.replace(self.old, self.new)


def changes() -> list[Change]:
    """Return the list."""
    rows = tomllib.loads(LIST.read_text())["change"]
    return [Change(**{**row, "tests": tuple(row["tests"])}) for row in rows]
