"""``booking-lab check``: checks a recorded history for linearizability."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import click
import psycopg2
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from booking_lab.checker import database, report
from booking_lab.checker.history_checker import HistoryChecker
from booking_lab.checker.history_reader import BadHistory, HistoryReader
from booking_lab.checker.linearize import BUDGET
from booking_lab.checker.parsed_history import History
from booking_lab.checker.verdict import Report
from booking_lab.cli._exit_codes import BadInput, ExitCode
from booking_lab.config import Settings
from booking_lab.db.connector import Connector
from booking_lab.errors import BookingLabError
from booking_lab.stack import hints
from booking_lab.stack.folders import DataFolder
from booking_lab.stack.processes.lab_state import LabState
from booking_lab.workloads import Workloads


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--database", "url", help="PostgreSQL that the lab recorded on, to compare with.")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Data folder of the running lab that recorded, to compare with its database.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--budget",
    type=click.IntRange(1),
    default=BUDGET,
    show_default=True,
    help="Number of states that a search may visit, in addition to one for each operation.",
)
def command(file: Path, url: str | None, data: Path | None, as_json: bool, budget: int) -> None:
    """Check a history that a lab has recorded with --history.

    The check looks for one order of the bookings that explains all answers, and compares the
    answers with the database. It names and draws the bookings that no order explains.

    Exit code 0: safe; 4: wrong; 3: inconclusive, because no bookings overlapped, or unknown,
    because a search gave up or Ctrl-C ended the check, which then prints the findings so far; 2:
    FILE can't be read as a history, or the database is another one.
    """
    if url and data:
        raise click.UsageError("Give --database or --data, not both.")
    workloads = Workloads(Settings.from_environment().workload_folders)
    # The tables are read before the history, so that the history has everything that is in them.
    known_until = file.stat().st_size
    books, not_asked = _books(url or _url_of(data), workloads)
    try:
        found = _check(file, workloads, books, known_until, budget)
    except BadHistory as error:
        raise BadInput(str(error)) from None
    found.not_asked = not_asked
    lines = [json.dumps(report.as_json(found))] if as_json else report.as_text(found)
    for line in lines:
        click.echo(line)
    sys.exit(ExitCode.of(found.verdict))


def _url_of(data: Path | None) -> str | None:
    if data is None:
        return None
    state = LabState.read(DataFolder(data).state)
    url = (state.database_url if state else "") or Settings.from_environment().database_url
    if not url:
        raise BadInput(f"No lab runs on {data}; {hints.command('up', data.absolute())} starts one.")
    return url


def _books(url: str | None, workloads: Workloads) -> tuple[database.DatabaseSnapshot | None, str]:
    if url is None:
        return None, "name it with --database or --data"
    try:
        with Connector(url).session() as session:
            return database.read(session, workloads), ""
    except BookingLabError as error:
        return None, error.message
    except psycopg2.Error as error:
        # The driver's message may quote the URL, and with it a password.
        if error.pgcode is None:
            raise BadInput(
                "--database can't be read: write postgresql://user:password@host:port/database."
            ) from None
        raise BadInput(
            f"This is not the database of a lab: {error.diag.message_primary}."
        ) from None


def _check(
    file: Path,
    workloads: Workloads,
    books: database.DatabaseSnapshot | None,
    known_until: int,
    budget: int,
) -> Report:
    found = Report()
    # Everything that is read stays in memory, and the garbage collector would take a third of the
    # time to look through it again and again.
    gc.disable()
    try:
        with _progress() as bars:
            reading = bars.add_task("reading", total=known_until)
            history = HistoryReader(
                file, workloads, lambda done: bars.update(reading, completed=done)
            ).read()
            bars.update(reading, completed=known_until)
            if books:
                _check_same(books, history)
            checking = bars.add_task("checking", total=len(history.operations))
            checker = HistoryChecker(
                history,
                workloads,
                budget=budget,
                progress=lambda done: bars.update(checking, completed=done),
            )
            found = checker.report
            if books:
                found.database = database.compare(history, books, known_until)
            checker.run()
    except KeyboardInterrupt:
        found.interrupted = True
    finally:
        gc.enable()
    return found


def _progress() -> Progress:
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)


def _check_same(books: database.DatabaseSnapshot, history: History) -> None:
    recorded = {header.database for header in history.headers}
    if books.database not in recorded:
        raise BadInput(
            "This is not the database that the history was recorded on: it is "
            f"{books.database}, and the history names {', '.join(sorted(recorded)) or 'none'}."
        )
