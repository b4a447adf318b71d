"""Does what a reader does: runs the commands of a section, and compares with what it shows.

Every ```bash block is pasted into an interactive bash as it stands; only the lab's address is
another one here. The ```text block behind it shows the output. In it, ``...`` stands for anything
within a line and, on a line of its own, for any number of lines.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import subprocess
import sys
import termios
import threading
from contextlib import suppress
from pathlib import Path

from tests.uncounted import uncounted

from .conftest import DocumentedLab
from .markdown import ROOT, Block, Section, sections

ADDRESS = "http://localhost:8000"
#: What make hands down to the commands that it runs: `make load` would take it for its own.
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS", "PORT", "SCRIPT", "STRATEGY"}
#: Seconds for one block. Some start servers.
PATIENCE = 240


def exercise(page: Path) -> Section:
    """The exercise of a page: everything on it stands under its title."""
    [all_of_it] = sections(page)
    return all_of_it


#: The pages of the exercises, by number.
PAGES = sorted((ROOT / "docs" / "exercises").glob("[0-9]*.md"))
EXERCISES = [exercise(page) for page in PAGES]


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
    environment |= {**lab.environment, "PATH": path, "COLUMNS": "80"}
    code, printed, said = interactive(block.text.replace(ADDRESS, lab.url), folder, environment)
    assert code == 0, f"line {block.line}: exit code {code}\n{said}{printed}"
    # "[1] 4711" and "[1]+ Done" are what a shell says of jobs; a reader would see that as well.
    jobs = [line for line in said.splitlines() if re.match(r"\[\d+\]", line)]
    assert jobs == [], f"line {block.line}: the shell also says\n{said}"
    return printed


def interactive(commands: str, folder: Path, environment: dict[str, str]) -> tuple[int, str, str]:
    """Paste commands into a shell like the one that a reader sits at, on a terminal of its own.

    Returns the exit code, what the commands print, and what shows on the terminal besides.
    """
    ours, theirs = pty.openpty()
    quiet = termios.tcgetattr(theirs)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, quiet)
    said: list[bytes] = []
    with subprocess.Popen(
        ["bash", "--norc", "--noediting", "-i"],
        cwd=folder, env={**environment, "PS1": "", "PS2": "", "HISTFILE": ""}, text=True,
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as shell:  # fmt: skip
        os.close(theirs)
        pasted = f"{commands}\nexit\n".encode()
        threads = [
            threading.Thread(target=paste, args=(ours, pasted), daemon=True),
            threading.Thread(target=listen, args=(ours, said), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            printed, _ = shell.communicate(timeout=PATIENCE)
        finally:
            shell.kill()
    threads[1].join(10)
    os.close(ours)
    return shell.returncode, printed, b"".join(said).decode(errors="replace")


def paste(terminal: int, text: bytes) -> None:
    """Type text; the terminal takes it as the shell reads it."""
    with suppress(OSError):
        while text:
            text = text[os.write(terminal, text) :]


def listen(terminal: int, said: list[bytes]) -> None:
    """Collect what is shown, until nobody is there any more."""
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            said.append(piece)


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
