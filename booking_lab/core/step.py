"""The kinds of steps that a booking is made of."""

from __future__ import annotations

from enum import StrEnum


class StepKind(StrEnum):
    """What a step is; one announced step is one statement on the wire.

    >>> StepKind("read") is StepKind.READ
    True
    """

    ACQUIRE = "acquire"
    WAIT = "wait"
    READ = "read"
    DECIDE = "decide"
    WRITE = "write"
    COMMIT = "commit"
    RELEASE = "release"
