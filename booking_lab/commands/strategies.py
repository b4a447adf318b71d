"""``booking-lab strategies``: what there is, and which files hold none."""

from __future__ import annotations

import click

from booking_lab.config import Settings
from booking_lab.registry import SHIPPED, Registry


@click.command()
def command() -> None:
    """List the strategies with their options, and the files that hold none."""
    registry = Registry([SHIPPED, *Settings.from_environment().strategy_folders])
    for entry in registry.entries():
        click.secho(entry.name, bold=True)
        click.echo(f"  {entry.summary}")
        for about in entry.options:
            told = about.get("description", "")
            click.echo(f"  option {about['name']} = {about.get('default')}: {told}")
        for heading, words in (("allows", entry.kind.allows), ("needs", entry.kind.needs)):
            if words:
                click.echo(f"  {heading}: {', '.join(sorted(words))}")
    for broken in registry.broken():
        click.secho(f"{broken.file}: {broken.reason}", fg="red")
