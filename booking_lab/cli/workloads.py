"""``booking-lab workloads``: lists the workloads."""

from __future__ import annotations

import click

from booking_lab.config import Settings
from booking_lab.core.capability import capabilities_of
from booking_lab.workloads import Workloads, summary


@click.command()
def command() -> None:
    """List the workloads with their capabilities, and the files that can't be loaded."""
    workloads = Workloads(Settings.from_environment().workload_folders)
    for workload in workloads:
        click.secho(workload.name, bold=True)
        click.echo(f"  {summary(workload)}")
        click.echo(f"  can: {', '.join(sorted(capabilities_of(workload)))}")
    for broken in workloads.load_failures():
        click.secho(f"{broken.file}: {broken.reason}", fg="red")
