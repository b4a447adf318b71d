"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

from booking_lab.stack.folders import default_data


def _folder(_ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    return (value or default_data()).absolute()


data_option = click.option(
    "--data",
    envvar="BOOKING_LAB_DATA",
    type=click.Path(readable=False, path_type=Path),
    callback=_folder,
    help="Folder of the database and the logs (BOOKING_LAB_DATA).  "
    "[default: /var/lib/booking-lab for root, ~/.local/state/booking-lab for others]",
)
