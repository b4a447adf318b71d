"""``booking-lab workloads``: what can be booked, and which files hold nothing of the kind."""

from __future__ import annotations

import click

from booking_lab.config import Settings
from booking_lab.core.capability import capabilities_of
from booking_lab.workloads import Workloads, summary


@click.command()
def command() -> None:
    """List the workloads with what they can do, and the files that hold none."""
    workloads = Workloads(Settings.from_environment().workload_folders)
    for workload in workloads:
        click.secho(workload.name, bold=True)
        click.echo(f"  {summary(workload)}")
        click.echo(f"  can: {', '.join(sorted(capabilities_of(workload)))}")
    for broken in workloads.load_failures():
        click.secho(f"{broken.file}: {broken.reason}", fg="red")
