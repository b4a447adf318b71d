"""The strategies to test."""

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
        """Its class, with its declarations."""
        return self.entry.strategy_class

    @property
    def servers(self) -> frozenset[Capability]:
        """The servers that it needs in addition to PostgreSQL."""
        return self.kind.needs & SERVERS

    def lacks(self, workload: LabWorkload) -> str:
        """Return the reason why it can't book ``workload``; empty: it can."""
        return why_unsuitable(self.kind.needs, workload)

    def scenarios(self, workload: LabWorkload, bookers: int) -> tuple[Scenario, ...]:
        """Return the scenarios that it can book, the plainest first."""
        return tuple(one for one in workload.contests(bookers) if can_book(self.kind.needs, one))


class Subjects:
    """The strategies to test; by default all that are not broken on purpose.

    Attributes:
        settings: settings for a lab with these strategies.
        registry: the registry with these strategies.

    Args:
        asked: names and files of strategies; empty: the default.
        settings: the settings with the folders of plug-ins; the rest of it is not used.

    Raises:
        InvalidRequest: a strategy doesn't exist, or can't be loaded.
    """

    def __init__(self, asked: Sequence[str], settings: Settings) -> None:
        # A link to each file, because other files of its folder must not be loaded.
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
                file = Path(broken.file).resolve()
                raise InvalidRequest(f"{file} can't be loaded: {broken.reason}")
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
    """Return the name of a strategy, given by its name or file.

    A file outside of the ``known`` folders is linked in ``folder``.

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
