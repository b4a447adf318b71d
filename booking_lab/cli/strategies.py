"""``booking-lab strategies``: lists the strategies."""

from __future__ import annotations

import click

from booking_lab.cli._options import shelf_option
from booking_lab.config import Settings
from booking_lab.runtime.strategy_registry import SHIPPED, Registry


@click.command()
@shelf_option
def command(shelf: str | None) -> None:
    """List the strategies with their options, and the files that can't be loaded."""
    settings = Settings.from_environment()
    registry = Registry([SHIPPED, *settings.strategy_folders], shelf=bool(shelf) or settings.shelf)
    for entry in registry.entries():
        click.secho(
            f"{entry.name}{' (broken on purpose)' * entry.strategy_class.broken}", bold=True
        )
        click.echo(f"  {entry.summary}")
        for about in entry.options:
            meaning = about.get("description", "")
            click.echo(f"  option {about['name']} = {about.get('default')}: {meaning}")
        for heading, words in (
            ("allows", entry.strategy_class.allows),
            ("allows under faults", entry.strategy_class.allows_under_faults),
            ("needs", entry.strategy_class.needs),
        ):
            if words:
                click.echo(f"  {heading}: {', '.join(sorted(words))}")
    for broken in registry.load_failures():
        click.secho(f"{broken.file}: {broken.reason}", fg="red")
