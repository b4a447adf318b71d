"""What a command's exit code says, the same for all of them."""

from __future__ import annotations

from enum import IntEnum

import click

from booking_lab.core.verdict import Verdict


class ExitCode(IntEnum):
    """The exit codes."""

    #: It has done its work, and found nothing wrong.
    DONE = 0
    #: It could not do its work. A crash of Python itself ends with this code, too.
    FAILED = 1
    #: It was called wrongly, or with something of no use; nothing was done.
    BAD_INPUT = 2
    #: There is nothing to tell: no lab runs, or the verdict is inconclusive or unknown.
    NOTHING = 3
    #: It has done its work, and what it looked at is wrong.
    WRONG = 4

    @classmethod
    def of(cls, verdict: Verdict) -> ExitCode:
        """Return the code of a command that came to ``verdict``."""
        return _OF_VERDICT[verdict]


_OF_VERDICT = {
    Verdict.SAFE: ExitCode.DONE,
    Verdict.INCONCLUSIVE: ExitCode.NOTHING,
    Verdict.UNKNOWN: ExitCode.NOTHING,
    Verdict.WRONG: ExitCode.WRONG,
}


class BadInput(click.ClickException):
    """What was given is of no use; nothing was done."""

    exit_code = ExitCode.BAD_INPUT
