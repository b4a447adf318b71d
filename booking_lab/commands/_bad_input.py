"""The end of a command that was given something of no use; nothing was done."""

from __future__ import annotations

import click

from booking_lab.commands._exit_codes import Exit


class BadInput(click.ClickException):
    """What was given is of no use; nothing was done."""

    exit_code = Exit.BAD_INPUT
