"""Reads the documents as a reader does: sections, fenced blocks, tables, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Every document there is.
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "strategies" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@dataclass
class Block:
    """A fenced block: its language, its text, and the line where the text begins."""

    language: str
    line: int
    text: str = ""


@dataclass
class Section:
    """A heading and what stands under it, up to the next heading of any level."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    prose: str = ""

    @property
    def anchor(self) -> str:
        """The name by which links point here."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")

    def of(self, *languages: str) -> list[Block]:
        """The blocks in these languages, in order."""
        return [block for block in self.blocks if block.language in languages]


def sections(document: Path) -> list[Section]:
    """All sections of a document; what stands before the first heading is left out."""
    found: list[Section] = []
    block: Block | None = None
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if line.startswith("```"):
            if block:
                block = None
            else:
                block = Block(line[3:].strip(), number + 1)
                found[-1].blocks.append(block)
        elif block:
            block.text += line + "\n"
        elif line.startswith("#"):
            found.append(Section(line.lstrip("# ")))
        else:
            found[-1].prose += line + "\n"
    assert block is None, f"{document.name}: the block at line {block and block.line} has no end"
    return found


def section(document: Path, title: str) -> Section:
    """The section of this title."""
    return next(one for one in sections(document) if one.title == title)


def rows(text: str) -> Iterator[list[str]]:
    """The rows of every table in ``text``, as cells without their backquotes."""
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
            if not set(cells[0]) <= {"-", ":"} or not cells[0]:
                yield cells


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the table whose first column is headed ``heading``, without the headings.

    If there is no such table, it has no rows.
    """
    lines = iter(rows("\n".join(_table_lines(text, heading))))
    next(lines, None)
    return list(lines)


def _table_lines(text: str, heading: str) -> Iterator[str]:
    within = False
    for line in text.splitlines():
        within = line.startswith("|") and (within or line.startswith(f"| {heading} |"))
        if within:
            yield line
