"""``booking-lab demo``: runs the same crowd of customers under each strategy."""

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
    """Check that ``url`` is the address of an HTTP server, without a path."""
    try:
        parts = urlsplit(url or "http://localhost")
        # The demo would ignore a path, so a path is refused.
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
    help="Address of a running lab.  [default: a lab of its own, which is deleted afterwards]",
)
@history_option
def command(url: str | None, history: str | None) -> None:
    """Run the same crowd of customers under each strategy in turn, and print one table.

    Exit code 0: each strategy keeps its promise; 4: a strategy breaks it; 3: a strategy was not
    put to the test, or could not be judged.
    """
    console = Console()
    settings = Settings.from_environment()
    if url and history:
        raise click.UsageError(
            "--history is for the demo's own lab; set it for a running lab when you start that lab."
        )
    if history:
        settings = replace(settings, history=history)
    if url:
        verdict = demo.run(url, console, settings.admin_token)
    else:
        with running(settings=replace(settings, log_level="WARNING"), progress=click.echo) as lab:
            verdict = demo.run(lab.url, console, settings.admin_token)
    sys.exit(ExitCode.of(verdict))
