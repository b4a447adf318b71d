"""Does what a reader does: runs the commands of a section, and compares with what it shows.

Every ```bash block is given to bash as it stands; only the lab's address is another one here. The
```text block behind it shows the output. In it, ``...`` stands for anything within a line and, on a
line of its own, for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.uncounted import uncounted

from .conftest import DocumentedLab
from .markdown import ROOT, Block, Section, sections

ADDRESS = "http://localhost:8000"
#: What make hands down to the commands that it runs: `make load` would take it for its own.
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS", "PORT", "SCRIPT", "STRATEGY"}
#: Seconds for one block. Some start servers.
PATIENCE = 240


def exercises(document: Path) -> list[Section]:
    """The sections of a document that are exercises."""
    return [one for one in sections(document) if one.title.startswith("Exercise ")]


EXERCISES = exercises(ROOT / "README.md")
MORE = exercises(ROOT / "docs" / "exercises.md")


def steps(one: Section) -> list[tuple[Block, Block]]:
    """Each block of commands, with the block that shows what comes out."""
    blocks = one.of("bash", "text")
    assert [block.language for block in blocks] == ["bash", "text"] * (len(blocks) // 2), (
        f"{one.title}: behind each ```bash block stands one ```text block"
    )
    return list(zip(blocks[::2], blocks[1::2], strict=True))


def run(block: Block, lab: DocumentedLab, folder: Path) -> str:
    """What the commands print."""
    environment = {name: v for name, v in uncounted().items() if name not in OF_MAKE}
    # The package's commands are on the path, as the documents tell the reader to have them.
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", block.text.replace(ADDRESS, lab.url)],
        cwd=folder,
        env={**environment, **lab.environment, "PATH": path, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, (
        f"line {block.line}: exit code {done.returncode}\n{done.stderr}{done.stdout}"
    )
    return done.stdout


def check(one: Section, lab: DocumentedLab, folder: Path) -> None:
    """Run a section's commands in ``folder`` and compare with what it shows."""
    for commands, shown in steps(one):
        printed = run(commands, lab, folder)
        assert shows(shown.text, printed), (
            f"line {shown.line} says\n{shown.text}\nand the lab says\n{printed}"
        )


def lines(text: str) -> list[str]:
    """The lines, without differences in blanks that nobody sees."""
    return [" ".join(line.split()) for line in text.splitlines()]


def shows(shown: str, printed: str) -> bool:
    """Whether ``printed`` is what the document shows."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + r"\n"
        for line in lines(shown)
    )
    return bool(re.fullmatch(pattern, "".join(line + "\n" for line in lines(printed))))
