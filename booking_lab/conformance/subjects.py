"""The strategies that are held to their word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from booking_lab.config import Settings
from booking_lab.core.capability import SERVERS, Capability, can_book, why_unsuitable
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.scenario import Scenario
from booking_lab.core.strategy import Strategy
from booking_lab.errors import InvalidRequest, UnknownStrategy
from booking_lab.runtime.strategy_registry import SHELF, SHIPPED, Registry, StrategyInfo


@dataclass(frozen=True)
class Subject:
    """A strategy with its default options."""

    entry: StrategyInfo
    strategy: Strategy

    @property
    def name(self) -> str:
        """Its name."""
        return self.entry.name

    @property
    def kind(self) -> type[Strategy]:
        """Its class, which says what it promises and needs."""
        return self.entry.strategy_class

    @property
    def servers(self) -> frozenset[Capability]:
        """The servers that it needs beside PostgreSQL."""
        return self.kind.needs & SERVERS

    def lacks(self, workload: LabWorkload) -> str:
        """Say why it can't book ``workload``; empty: it can."""
        return why_unsuitable(self.kind.needs, workload)

    def scenarios(self, workload: LabWorkload, bookers: int) -> tuple[Scenario, ...]:
        """What bookers can contend for under it, the plainest first."""
        return tuple(one for one in workload.contests(bookers) if can_book(self.kind.needs, one))


class Subjects:
    """Those that are asked for; without a wish, all but those that are broken on purpose.

    Attributes:
        settings: of servers that know them.
        registry: where they are.

    Args:
        asked: names and files.
        settings: whose folders of plug-ins count; nothing else of it does.

    Raises:
        InvalidRequest: one isn't there, or is of no use.
    """

    def __init__(self, asked: Sequence[str], settings: Settings) -> None:
        # What else lies in a file's folder is none of our business, and must not be run.
        self._folder = TemporaryDirectory(prefix="booking-lab-strategies-")
        known = {SHIPPED, SHELF, *(Path(one).resolve() for one in settings.strategy_folders)}
        names = [_linked(text, Path(self._folder.name), known) for text in asked]
        self.settings = Settings(
            strategy_folders=(*settings.strategy_folders, self._folder.name),
            workload_folders=settings.workload_folders,
            shelf=bool(asked),
            think_time_ms=40,
            log_level="ERROR",
        )
        self.registry = Registry(
            [SHIPPED, *self.settings.strategy_folders], shelf=self.settings.shelf
        )
        for broken in self.registry.load_failures():
            if Path(broken.file).is_relative_to(self._folder.name):
                raise InvalidRequest(f"{Path(broken.file).resolve()} is of no use: {broken.reason}")
        entries = [self.registry.get(name) for name in names] or [
            entry for entry in self.registry.entries() if not entry.strategy_class.broken
        ]
        self._all = [Subject(entry, entry.create({})) for entry in entries]

    def __iter__(self) -> Iterator[Subject]:
        return iter(self._all)

    def close(self) -> None:
        """Remove the folder with the links to files."""
        self._folder.cleanup()


def _linked(text: str, folder: Path, known: Set[Path]) -> str:
    """Return the name of what ``text`` names; a file is linked in ``folder`` unless it is known.

    Raises:
        UnknownStrategy: there is no such file.
    """
    if not text.endswith(".py") and "/" not in text:
        return text
    file = Path(text).resolve()
    if not file.exists():
        raise UnknownStrategy(f"There is no file {file}.")
    module = file.parent if file.stem == "__init__" else file
    if module.parent not in known:
        folder.joinpath(module.name).symlink_to(module)
    return module.stem
