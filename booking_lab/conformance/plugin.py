"""The pytest plug-in with the options of the suite.

pytest loads it with every run, so its imports are few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from booking_lab.conformance.subjects import Subjects

_SUBJECTS: pytest.StashKey[Subjects] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--strategy`` and ``--thorough``."""
    group = parser.getgroup("booking-lab")
    group.addoption(
        "--strategy",
        action="append",
        default=[],
        metavar="NAME",
        help="strategy that booking_lab.conformance tests: a name, or a file; may be "
        "repeated; by default all strategies of the lab",
    )
    group.addoption(
        "--thorough",
        action="store_true",
        help="make booking_lab.conformance explore with two preemptions instead of one, and up to "
        "2,000 schedules of each contest instead of 40; with three bookers, up to 6,000",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an unknown strategy.

    Raises:
        pytest.UsageError: there is no such strategy.
    """
    config.addinivalue_line("markers", "xdist_group(name): run in one process of pytest-xdist")
    if config.getoption("--strategy"):
        subjects(config)


def subjects(config: pytest.Config) -> Subjects:
    """Return the strategies to test; they are loaded once for each run of pytest.

    Raises:
        pytest.UsageError: there is no such strategy.
    """
    if _SUBJECTS not in config.stash:
        # Imported here, because other runs of pytest load this module, too.
        from booking_lab.config import Settings
        from booking_lab.conformance.subjects import Subjects
        from booking_lab.errors import BookingLabError

        try:
            found = Subjects(config.getoption("--strategy"), Settings.from_environment())
        except BookingLabError as error:
            raise pytest.UsageError(error.message) from None
        config.add_cleanup(found.close)
        config.stash[_SUBJECTS] = found
    return config.stash[_SUBJECTS]


def _verdicts(answers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the verdicts on all explorations without a nemesis, and on all with one."""
    from booking_lab.core.verdict import Verdict, combined, in_words

    for faults, when in ((False, "; "), (True, "; with a nemesis ")):
        these = [one for one in answers if one["faults"] is faults and one["verdict"]]
        if these:
            verdict = combined(Verdict(one["verdict"]) for one in these)
            yield when + in_words(verdict, sorted({a for one in these for a in one["anomalies"]}))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the numbers of schedules and samples, and the verdicts."""
    # Several tests may ask the same question; the one that explored most is counted.
    explored: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, answer in getattr(report, "user_properties", ()):
                if name == "explored":
                    of_strategy, question = explored[answer["strategy"]], answer["question"]
                    before = of_strategy.get(question, answer)
                    of_strategy[question] = max(before, answer, key=itemgetter("counts"))
    if not explored:
        return
    thorough = config.getoption("--thorough")
    terminalreporter.section("schedules explored")
    for strategy, questions in sorted(explored.items()):
        answers = list(questions.values())
        schedules, contests, sampled = map(sum, zip(*(a["counts"] for a in answers), strict=True))
        line = f"{strategy}: {schedules:,} schedules of {contests} contests"
        line += f"; samples of {sampled} of these" if sampled else ""
        terminalreporter.line(line + "".join(_verdicts(answers)))
    terminalreporter.line(
        f"With {2 if thorough else 1} preemptions at most; 2 of three, and in the plainest contest"
        + ("." if thorough else "; --thorough tries more.")
    )
