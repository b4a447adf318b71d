"""``booking-lab down``: stop the lab."""

from __future__ import annotations

from pathlib import Path

import click

from booking_lab.cli._options import data_option
from booking_lab.stack.control import stop
from booking_lab.stack.folders import DataFolder


@click.command()
@data_option
def command(data: Path) -> None:
    """Stop the lab. Requests under way are finished, and the data stays.

    It is no error if the lab isn't running.
    """
    click.echo("Stopped." if stop(DataFolder(data)) else "Not running.")
