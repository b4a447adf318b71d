"""The end of a command that was given something of no use; nothing was done."""

from __future__ import annotations

import click


class BadInput(click.ClickException):
    """What was given is of no use; nothing was done."""

    exit_code = 2
