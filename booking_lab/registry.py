"""Finds strategies: a file in a folder is enough. A broken one is reported, and the lab runs on."""

from __future__ import annotations

import importlib.util
import inspect
import json
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from booking_lab.core.strategy import Strategy
from booking_lab.errors import InvalidOptions, StrategyFault, UnknownStrategy
from booking_lab.selection import Selection

log = logging.getLogger(__name__)

#: The project's own strategies, beside the package.
SHIPPED = Path(__file__).resolve().parent.parent / "strategies"


@dataclass(frozen=True)
class Broken:
    """A file that should hold a strategy and doesn't.

    Attributes:
        file: its path.
        reason: why not.
    """

    file: str
    reason: str


class Entry:
    """One strategy as found: its class, its words and its options."""

    def __init__(self, name: str, kind: type[Strategy]) -> None:
        kind.name = name
        # 1.7 is no whole number, "8" no number, and an option that isn't there is a mistake.
        kind.__pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[attr-defined]
        self.name = name
        self.kind = kind
        module = sys.modules[kind.__module__]
        self.description = inspect.cleandoc(module.__doc__ or kind.__doc__ or "")
        self._adapter: TypeAdapter[Strategy] = TypeAdapter(kind)

    @property
    def summary(self) -> str:
        """The first line of its description."""
        return self.description.partition("\n")[0]

    @property
    def options(self) -> list[dict[str, Any]]:
        """Its options: name, type, default, bounds and meaning."""
        properties = self._adapter.json_schema(mode="validation").get("properties", {})
        return [{"name": name, **about} for name, about in properties.items()]

    def make(self, options: Mapping[str, Any]) -> Strategy:
        """Return the strategy with ``options``, defaults for the rest.

        Raises:
            InvalidOptions: it doesn't take these.
        """
        try:
            return self._adapter.validate_json(json.dumps(dict(options)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            option = ".".join(str(part) for part in first["loc"]) or "options"
            known = ", ".join(about["name"] for about in self.options) or "none"
            raise InvalidOptions(
                f"Strategy {self.name}, option {option}: {first['msg']}. It takes: {known}."
            ) from None

    def given(self, strategy: Strategy) -> dict[str, Any]:
        """All options of ``strategy`` as the API takes them, defaults included."""
        dumped: dict[str, Any] = self._adapter.dump_python(strategy, mode="json")
        return dumped


class Registry:
    """The strategies of the shipped folder and of any more folders.

    Args:
        folders: where to look, in this order; an earlier file wins a name.
    """

    def __init__(self, folders: Sequence[Path | str]) -> None:
        self._folders = [Path(folder) for folder in folders]
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._broken: dict[str, Broken] = {}
        self._files: dict[Path, float] = {}
        self._made: tuple[int, tuple[Entry, Strategy]] | None = None
        self.scan()

    def scan(self) -> None:
        """Look for files that are new or have changed since the last look."""
        with self._lock:
            for folder in self._folders:
                if not folder.is_dir():
                    self._report(folder, "it is no folder")
                    continue
                for file in sorted(folder.glob("[!_]*.py")):
                    changed = file.stat().st_mtime
                    if self._files.get(file) != changed:
                        self._files[file] = changed
                        self._load(file)

    def get(self, name: str) -> Entry:
        """Return the strategy called ``name``; files that are new or have changed are found.

        Raises:
            UnknownStrategy: there is none.
        """
        self.scan()
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(sorted(self._entries))
            raise UnknownStrategy(f"There is no strategy {name!r}; there are: {known}.") from None

    def selected(self, current: Selection) -> tuple[Entry, Strategy]:
        """Return the strategy that ``current`` names, with its options; made once an epoch.

        So a switch, even to the same strategy, brings every worker to the files as they are now.
        """
        if self._made is None or self._made[0] != current.epoch:
            entry = self.get(current.strategy)
            self._made = current.epoch, (entry, entry.make(json.loads(current.options)))
        return self._made[1]

    def entries(self) -> list[Entry]:
        """All strategies, by name."""
        self.scan()
        return [self._entries[name] for name in sorted(self._entries)]

    def broken(self) -> list[Broken]:
        """The files that hold no usable strategy."""
        return list(self._broken.values())

    def _load(self, file: Path) -> None:
        self._broken.pop(str(file), None)
        try:
            name = file.stem
            known = self._entries.get(name)
            if known and inspect.getfile(known.kind) != str(file):
                raise StrategyFault(f"the name {name} is taken by {inspect.getfile(known.kind)}")
            self._entries[name] = Entry(name, _strategy_in(_imported(file)))
        except Exception as error:  # whatever a plug-in's author did, the lab runs on
            self._report(file, f"{type(error).__name__}: {error}")

    def _report(self, file: Path, reason: str) -> None:
        self._broken[str(file)] = Broken(str(file), reason)
        log.error("%s holds no usable strategy: %s", file, reason)


def _imported(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"booking_lab_strategy_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and docstrings look their module up there
    spec.loader.exec_module(module)
    return module


def _strategy_in(module: ModuleType) -> type[Strategy]:
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Strategy)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    ]
    if len(found) != 1:
        raise StrategyFault(f"it defines {len(found)} strategies; a file holds one")
    if not is_dataclass(found[0]) or not found[0].__dataclass_params__.frozen:
        raise StrategyFault(f"{found[0].__name__} is no frozen dataclass")
    return found[0]
