"""``booking-lab demo``: the same crowd under each strategy, and one table."""

from __future__ import annotations

import sys
from dataclasses import replace
from urllib.parse import urlsplit

import click
from rich.console import Console

from booking_lab.cli._exit_codes import BadInput, ExitCode
from booking_lab.cli._options import history_option
from booking_lab.config import Settings
from booking_lab.crowd import demo
from booking_lab.stack import running


def _address(_ctx: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    """See that it is an address that the demo can speak to."""
    try:
        parts = urlsplit(url or "http://localhost")
        # A path would not be asked for, so it must not be there.
        more = parts.path.rstrip("/") or parts.query or parts.fragment or parts.username
        wellformed = parts.scheme == "http" and parts.hostname and parts.port != 0 and not more
    except ValueError:
        wellformed = False
    if not wellformed:
        raise BadInput(f"--url {url}: write it as http://localhost:8000.")
    return url


@click.command()
@click.option(
    "--url",
    callback=_address,
    help="A lab that runs already; by default one of its own, thrown away.",
)
@history_option
def command(url: str | None, history: str | None) -> None:
    """Let the same crowd loose under each strategy in turn, and print one table.

    Exit code 0: each strategy keeps its promise; 4: one does not; 3: one could not be put to the
    test, or not be judged.
    """
    console = Console()
    settings = Settings.from_environment()
    if url and history:
        raise click.UsageError("--history is for a lab of one's own; that one has its own setting.")
    if history:
        settings = replace(settings, history=history)
    if url:
        verdict = demo.run(url, console, settings.admin_token)
    else:
        with running(settings=replace(settings, log_level="WARNING"), progress=click.echo) as lab:
            verdict = demo.run(lab.url, console, settings.admin_token)
    sys.exit(ExitCode.of(verdict))
