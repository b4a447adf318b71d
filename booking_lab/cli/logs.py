"""``booking-lab logs``: prints the log of a part of the lab."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from booking_lab.cli import _streams
from booking_lab.cli._options import data_option
from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import DataFolder
from booking_lab.stack.launch_spec import REDLOCK


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on and print new lines as they are written.")
@click.option(
    "-n", "--lines", type=click.IntRange(0), default=50, show_default=True, help="Number of lines."
)
@click.option(
    "--part",
    type=click.Choice(["service", "postgresql", "valkey", *REDLOCK]),
    default="service",
    show_default=True,
    help="The part whose log is printed; the supervisor writes into the log of the service.",
)
@data_option
def command(follow: bool, lines: int, part: str, data: Path) -> None:
    """Print the last lines of a log."""
    log = DataFolder(data).log_of(part)
    try:
        file = log.open(errors="replace")
    except OSError as error:
        raise StackError(f"{log} can't be read: {error.strerror}.") from None
    with file:
        there = file.readlines()
        for line in there[-lines:] if lines else ():
            click.echo(line, nl=False)
        try:
            while follow and not _streams.reader_has_gone():
                if line := file.readline():
                    click.echo(line, nl=False)
                elif os.fstat(file.fileno()).st_size < file.tell():
                    file.seek(0)  # the log was rotated
                else:
                    time.sleep(0.2)
        except KeyboardInterrupt:
            return
