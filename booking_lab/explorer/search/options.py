"""Which of the schedules to run."""

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
    """Which of the schedules to run: all of them, unless something else is said.

    Attributes:
        preemptions: those in which a booker is interrupted so often at most.
        random: so many, drawn at random.
        seed: of the random draws.
        schedule: this one.
        repeat: how often.
        full: whether to run those as well that others stand for; a given schedule always is.
    """

    preemptions: int | None = None
    random: int | None = None
    seed: int = 0
    schedule: Schedule = ()
    repeat: int = 1
    full: bool = False

    def search(self) -> Search:
        """Return the search."""
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
        """Return it for a program."""
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
    """Return the way that these options say; none of them: all schedules.

    Raises:
        InvalidRequest: the options don't go together, or there is no such schedule.
    """
    ways = {"--preemptions": preemptions, "--random": random, "--schedule": schedule}
    if len(given := [name for name, value in ways.items() if value is not None]) > 1:
        raise InvalidRequest(f"{' and '.join(given)} don't go together; take one.")
    for name, value, needed in (("--seed", seed, "--random"), ("--repeat", repeat, "--schedule")):
        if value is not None and ways[needed] is None:
            raise InvalidRequest(f"{name} is for {needed}; give that as well, or leave it out.")
    moves = () if schedule is None else parse(schedule)
    return SearchOptions(preemptions, random, seed or 0, moves, repeat or 1, full or bool(moves))
