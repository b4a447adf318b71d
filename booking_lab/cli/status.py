"""``booking-lab status``: shows the processes of the lab."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from booking_lab.cli._exit_codes import ExitCode
from booking_lab.cli._options import data_option
from booking_lab.stack import hints
from booking_lab.stack.folders import DataFolder
from booking_lab.stack.processes.lab_state import LabState, ProcessState


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_option
def command(as_json: bool, data: Path) -> None:
    """Show the processes of the lab. Exit code 0: the lab is running; 3: it is not running."""
    state = LabState.read(DataFolder(data).state)
    runs = state is not None and state.supervisor.alive
    phase = state.phase if state and runs else "killed" if state else "not running"
    parts = [_row(part) for part in state.everyone] if state else []
    if as_json:
        url = state.url if state else ""
        click.echo(json.dumps({"state": phase, "url": url, "data": str(data), "parts": parts}))
    else:
        _print(phase, state, parts, data)
    sys.exit(ExitCode.DONE if runs else ExitCode.NOTHING)  # as of init scripts


def _row(part: ProcessState) -> dict[str, Any]:
    return {
        "name": part.name,
        "state": "running" if part.alive else "dead",
        "pid": part.process.pid,
        "since": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(part.since)),
        "restarts": part.restarts,
        "url": part.url,
    }


def _print(phase: str, state: LabState | None, parts: list[dict[str, Any]], data: Path) -> None:
    start = hints.command("up", data)
    if state is None:
        click.echo(f"Not running; {start} starts it.")
        return
    if phase == "killed":
        click.echo(f"Not running: it was killed. {start} clears up and starts it again.")
    else:
        click.echo(f"{phase.capitalize()}" + (f" at {state.url}" if state.url else ""))
    # Addresses are long, and a truncated one can't be used: a pipe gets whole lines.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    table = Table("part", "state", "pid", "up since", "restarts", "url", box=None)
    for part in parts:
        table.add_row(*(str(value) for value in _columns(part)))
    console.print(table)


def _columns(part: dict[str, Any]) -> list[Any]:
    names = ("name", "state", "pid", "since", "restarts", "url")
    return [part[name] for name in names]
