"""The exit codes of all commands."""

from __future__ import annotations

from enum import IntEnum

import click

from booking_lab.core.verdict import Verdict


class ExitCode(IntEnum):
    """The result of a command, for scripts."""

    #: The command has done its work and found nothing wrong.
    DONE = 0
    #: The command could not do its work. A crash of Python ends with this code, too.
    FAILED = 1
    #: An argument, an option or a setting can't be used; nothing was done.
    BAD_INPUT = 2
    #: There is no result: no lab runs, or the verdict is inconclusive or unknown.
    NOTHING = 3
    #: The command has done its work and found something wrong.
    WRONG = 4

    @classmethod
    def of(cls, verdict: Verdict) -> ExitCode:
        """Return the exit code for a verdict."""
        return _OF_VERDICT[verdict]


_OF_VERDICT = {
    Verdict.SAFE: ExitCode.DONE,
    Verdict.INCONCLUSIVE: ExitCode.NOTHING,
    Verdict.UNKNOWN: ExitCode.NOTHING,
    Verdict.WRONG: ExitCode.WRONG,
}


class BadInput(click.ClickException):
    """An argument, an option or a file can't be used; nothing was done."""

    exit_code = ExitCode.BAD_INPUT
