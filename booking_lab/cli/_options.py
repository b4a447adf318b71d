"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from booking_lab.stack.folders import default_data_folder


def _folder(_ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    return (value or default_data_folder()).absolute()


history_option = click.option(
    "--history",
    type=click.Path(dir_okay=False, resolve_path=True),
    help="Append the invocation and the answer of every booking to this file, "
    "for `booking-lab check`.",
)

shelf_option = click.option(
    "--shelf",
    flag_value="1",
    help="Also offer the strategies that are broken on purpose.",
)

data_option = click.option(
    "--data",
    envvar="BOOKING_LAB_DATA",
    type=click.Path(readable=False, path_type=Path),
    callback=_folder,
    help="Folder for the database and the logs (BOOKING_LAB_DATA).  "
    "[default: /var/lib/booking-lab for root, ~/.local/state/booking-lab for others]",
)
