"""The command line: ``booking-lab up | down | status | logs | serve | ...``.

A command is a module of ``booking_lab.cli`` with a click command. ``_COMMANDS`` lists the modules.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from booking_lab.cli import _streams
from booking_lab.cli._exit_codes import ExitCode
from booking_lab.config import forget_clients_environment
from booking_lab.errors import BookingLabError, ConfigurationError

#: Each command is ``command`` in the module of its name. The module is imported on first use.
_COMMANDS = (
    "demo",
    "up",
    "down",
    "status",
    "logs",
    "strategies",
    "workloads",
    "check",
    "explore",
    "matrix",
    "mixtures",
    "bench",
    "serve",
)


class _Commands(click.Group):
    """Imports commands on first use, and prints an error of the lab as one line."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order of ``--help``."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return the command called ``name``; none: there is no such command."""
        if name not in _COMMANDS:
            return None
        command = importlib.import_module(f"booking_lab.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line, and end the process."""
        # Child processes must not import modules from the working folder.
        os.environ["PYTHONSAFEPATH"] = "1"
        _streams.prepare_streams()
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if not _streams.is_output_error(error):
                raise
            _streams.discard_output()
            click.echo(f"Error: The output can't be written: {error.strerror}.", err=True)
            sys.exit(ExitCode.FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and print an error of the lab as one line."""
        try:
            return super().invoke(ctx)
        except BookingLabError as error:
            click.ClickException(str(error)).show()
            useless = isinstance(error, ConfigurationError)
            ctx.exit(ExitCode.BAD_INPUT if useless else ExitCode.FAILED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="booking-lab")
def main() -> None:
    """Book under a strategy of your choice, and see the anomalies that it lets through."""
    forget_clients_environment()
