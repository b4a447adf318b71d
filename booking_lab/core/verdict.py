"""The verdicts: one family for everything that judges bookings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a run shows, or many runs together.

    ``SAFE``: it was put to the test, and nothing went wrong. It speaks of these runs alone.
    ``INCONCLUSIVE``: it was judged, and nothing was wrong, but nothing was put to the test either.
    ``UNKNOWN``: it could not be judged, or not to its end.
    ``WRONG``: something went wrong. Which anomaly it was is said beside the verdict.
    """

    SAFE = "safe"
    INCONCLUSIVE = "inconclusive"
    UNKNOWN = "unknown"
    WRONG = "wrong"


#: From the weakest to the strongest.
_ORDER = (Verdict.SAFE, Verdict.INCONCLUSIVE, Verdict.UNKNOWN, Verdict.WRONG)
_STYLES = {Verdict.SAFE: "green", Verdict.WRONG: "red"}


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on a whole from those on its parts.

    The strongest one counts: ``WRONG``, then ``UNKNOWN``, ``INCONCLUSIVE``, ``SAFE``. Evidence
    against the whole is not undone by parts that went well or that nobody could judge. After that
    comes a part that could not be judged, for it may be wrong. A part that tested nothing can't be
    wrong, but it keeps the whole from being called safe: safe is a whole whose parts all are.
    No parts at all tested nothing: they are ``INCONCLUSIVE``.
    """
    return max(verdicts, key=_ORDER.index, default=Verdict.INCONCLUSIVE)


def in_words(verdict: Verdict, findings: Iterable[str] = ()) -> str:
    """Return a verdict as commands and documents show it: ``wrong: double booking``."""
    said = ", ".join(findings)
    return f"{verdict}: {said}" if said else str(verdict)


def style(verdict: Verdict) -> str:
    """Return the colour in which a terminal shows a verdict."""
    return _STYLES.get(verdict, "yellow")
