"""The options that select the schedules to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from booking_lab.errors import InvalidRequest
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.sampling import RandomSearch
from booking_lab.explorer.search.schedule import Schedule, parse, schedule_text
from booking_lab.explorer.search.search import Search


@dataclass(frozen=True)
class SearchOptions:
    """The schedules to run; by default all of them.

    Attributes:
        preemptions: only the schedules with at most this number of preemptions.
        random: only this number of schedules, drawn at random.
        seed: the seed of the random draws.
        schedule: only this schedule.
        repeat: the number of runs of ``schedule``.
        full: whether to run also the schedules that others stand for, see ``Symmetry``; always true
            with ``schedule``.
    """

    preemptions: int | None = None
    random: int | None = None
    seed: int = 0
    schedule: Schedule = ()
    repeat: int = 1
    full: bool = False

    def search(self) -> Search:
        """Return the search for these schedules."""
        if self.schedule:
            return ReplaySearch(self.schedule, self.repeat)
        if self.random is not None:
            return RandomSearch(self.random, self.seed)
        return ExhaustiveSearch(self.preemptions)

    def __str__(self) -> str:
        if self.schedule:
            return "one schedule"
        if self.random is not None:
            return f"drawn at random, seed {self.seed}"
        if self.preemptions is not None:
            return f"with at most {self.preemptions} preemption{'s' * (self.preemptions != 1)}"
        return "in all"

    def to_json(self) -> dict[str, Any]:
        """Return the options as values of JSON."""
        return {
            "preemptions": self.preemptions,
            "random": self.random,
            "seed": None if self.random is None else self.seed,
            "schedule": schedule_text(self.schedule) or None,
            "repeat": self.repeat,
            "full": self.full,
        }


def parse_options(
    preemptions: int | None,
    random: int | None,
    seed: int | None,
    schedule: str | None,
    repeat: int | None,
    *,
    full: bool = False,
) -> SearchOptions:
    """Return the options of the command line as ``SearchOptions``.

    Raises:
        InvalidRequest: the options exclude each other, or the schedule can't be parsed.
    """
    ways = {"--preemptions": preemptions, "--random": random, "--schedule": schedule}
    if len(given := [name for name, value in ways.items() if value is not None]) > 1:
        raise InvalidRequest(f"{' and '.join(given)} exclude each other; use one of them.")
    for name, value, needed in (("--seed", seed, "--random"), ("--repeat", repeat, "--schedule")):
        if value is not None and ways[needed] is None:
            raise InvalidRequest(f"{name} needs {needed}; add {needed}, or leave {name} out.")
    moves = () if schedule is None else parse(schedule)
    return SearchOptions(preemptions, random, seed or 0, moves, repeat or 1, full or bool(moves))
