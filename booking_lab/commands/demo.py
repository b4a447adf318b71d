"""``booking-lab demo``: the same crowd under each strategy, and one table."""

from __future__ import annotations

import sys
from dataclasses import replace

import click
from rich.console import Console

from booking_lab import demo
from booking_lab.commands._options import history_option
from booking_lab.config import Settings
from booking_lab.stack import running


@click.command()
@click.option("--url", help="A lab that runs already; by default one of its own, thrown away.")
@history_option
def command(url: str | None, history: str | None) -> None:
    """Let the same crowd loose under each strategy in turn, and print one table.

    Exits with 1 if a strategy does not keep its promise.
    """
    console = Console()
    settings = Settings.from_environment()
    if url and history:
        raise click.UsageError("--history is for a lab of one's own; that one has its own setting.")
    if history:
        settings = replace(settings, history=history)
    if url:
        kept = demo.run(url, console, settings.admin_token)
    else:
        with running(settings=replace(settings, log_level="WARNING"), progress=click.echo) as lab:
            kept = demo.run(lab.url, console, settings.admin_token)
    sys.exit(0 if kept else 1)
