"""The verdicts of all parts of the lab that judge bookings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """The result of one run, or of several runs together.

    ``SAFE``: bookings overlapped, and nothing went wrong. It is true for these runs alone.
    ``INCONCLUSIVE``: nothing went wrong, but no bookings overlapped, so nothing was tested.
    ``UNKNOWN``: the run could not be judged, or not completely.
    ``WRONG``: something went wrong. The anomaly is named beside the verdict.
    """

    SAFE = "safe"
    INCONCLUSIVE = "inconclusive"
    UNKNOWN = "unknown"
    WRONG = "wrong"


#: From the weakest to the strongest.
_ORDER = (Verdict.SAFE, Verdict.INCONCLUSIVE, Verdict.UNKNOWN, Verdict.WRONG)
_STYLES = {Verdict.SAFE: "green", Verdict.WRONG: "red"}


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on a whole from the verdicts on its parts.

    The strongest one counts: ``WRONG``, then ``UNKNOWN``, ``INCONCLUSIVE``, ``SAFE``. A wrong part
    makes the whole wrong, whatever the others are. A part that could not be judged comes next,
    because it may be wrong. A part that tested nothing can't be wrong, but the whole is safe only
    if all of its parts are. Without any parts, nothing was tested: ``INCONCLUSIVE``.
    """
    return max(verdicts, key=_ORDER.index, default=Verdict.INCONCLUSIVE)


def in_words(verdict: Verdict, findings: Iterable[str] = ()) -> str:
    """Return a verdict in the form that commands and documents show: ``wrong: double booking``."""
    names = ", ".join(findings)
    return f"{verdict}: {names}" if names else str(verdict)


def style(verdict: Verdict) -> str:
    """Return the colour of a verdict in a terminal."""
    return _STYLES.get(verdict, "yellow")
