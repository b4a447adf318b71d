"""The registry of strategies: one file in a folder is one strategy.

A file that can't be loaded is reported, and the lab runs on without it.
"""

from __future__ import annotations

import inspect
import json
import sys
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from booking_lab.core.capability import Capability
from booking_lab.core.strategy import Anomaly, Strategy
from booking_lab.errors import InvalidOptions, PluginFault, UnknownStrategy, safe_text
from booking_lab.plugins import STRATEGIES, LoadFailure, Plugins
from booking_lab.runtime.selection import Selection
from booking_lab.validation import field_errors

#: The folder of the project's own strategies.
SHIPPED = STRATEGIES
#: The folder of the strategies that are broken on purpose.
SHELF = SHIPPED / "broken"
#: The group of entry points; each names a module of an installed package.
GROUP = "booking_lab.strategies"

#: The declarations of a strategy, with the types of their members.
_DECLARED: Mapping[str, type[StrEnum]] = {
    "allows": Anomaly,
    "allows_under_faults": Anomaly,
    "needs": Capability,
}


class StrategyInfo:
    """A strategy that was found: its class, its description and its options.

    Attributes:
        name: the strategy's name.
        strategy_class: the class.
        description: the docstring of its module.
        options: its options; each has a name, a type, a default, bounds and a meaning.
    """

    def __init__(self, name: str, kind: type[Strategy]) -> None:
        parameters = getattr(kind, "__dataclass_params__", None)
        if not (parameters and parameters.frozen):
            raise PluginFault(f"{kind.__name__} is no frozen dataclass")
        for attribute, what in _DECLARED.items():
            declared = getattr(kind, attribute)
            if not isinstance(declared, frozenset) or not all(
                isinstance(one, what) for one in declared
            ):
                raise PluginFault(f"its {attribute} is no frozenset of {what.__name__}")
        if not isinstance(kind.serialises, str):
            raise PluginFault("its serialises is no text")
        kind.name = name
        # Strict: 1.7 is no whole number, "8" is no number, and unknown options are errors.
        kind.__pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[attr-defined]
        self.name = name
        self.strategy_class = kind
        module = sys.modules[kind.__module__]
        self.description = inspect.cleandoc(module.__doc__ or kind.__doc__ or "")
        self._adapter: TypeAdapter[Strategy] = TypeAdapter(kind)
        self.options: list[dict[str, Any]] = [
            {"name": name, **about}
            for name, about in self._adapter.json_schema().get("properties", {}).items()
        ]
        self._last_options: tuple[Strategy, dict[str, Any]] | None = None

    @property
    def summary(self) -> str:
        """The first line of the description."""
        return self.description.partition("\n")[0]

    def allows(self, *, under_faults: bool) -> frozenset[Anomaly]:
        """Return the anomalies that it declares, with or without those under faults."""
        return self.strategy_class.allows | (
            self.strategy_class.allows_under_faults if under_faults else frozenset()
        )

    def create(self, options: Mapping[str, Any]) -> Strategy:
        """Return the strategy with ``options``, and defaults for the others.

        Raises:
            InvalidOptions: the strategy doesn't take these options or values.
        """
        try:
            return self._adapter.validate_json(json.dumps(dict(options)))
        except ValidationError as error:
            known = ", ".join(about["name"] for about in self.options) or "none"
            raise InvalidOptions(
                f"Strategy {self.name}, option {field_errors(error, 'options')[0]}. "
                f"It takes: {known}."
            ) from None

    def options_of(self, strategy: Strategy) -> dict[str, Any]:
        """Return all options of ``strategy``, including defaults, in the form of the API.

        The last result is kept, because every booking needs it, mostly for the same strategy.
        """
        given = self._last_options  # read once: another thread may replace it
        if given is None or given[0] is not strategy:
            given = strategy, self._adapter.dump_python(strategy, mode="json")
            self._last_options = given
        return given[1]


class Registry:
    """The strategies of the project's folder, of further folders, and of installed packages.

    Args:
        folders: the folders, in this order; of two files with one name, the first counts.
        shelf: whether to include the strategies that are broken on purpose.
    """

    def __init__(self, folders: Sequence[Path | str], *, shelf: bool = False) -> None:
        folders = [*folders, SHELF] if shelf else folders
        self._plugins = Plugins(Strategy, "strategies", folders, GROUP)  # type: ignore[type-abstract]
        self._entries: dict[str, StrategyInfo] = {}
        self._lock = threading.Lock()
        self._made: tuple[int, tuple[StrategyInfo, Strategy]] | None = None
        self.scan()

    def scan(self) -> None:
        """Load the files that are new or have changed since the last scan."""
        # One scan at a time: a second thread waits for the result of the first.
        with self._lock:
            for name, kind in self._plugins.scan().items():
                try:
                    entry = StrategyInfo(name, kind)
                except Exception as error:  # of any kind, such as annotations without a schema
                    self._entries.pop(name, None)
                    self._plugins.reject(name, f"{type(error).__name__}: {safe_text(error, str)}")
                else:
                    self._entries[name] = entry

    def get(self, name: str) -> StrategyInfo:
        """Return the strategy called ``name``, after a scan for new and changed files.

        Raises:
            UnknownStrategy: there is no such strategy.
        """
        self.scan()
        if entry := self._entries.get(name):
            return entry
        known = ", ".join(entry.name for entry in self._sorted())
        raise UnknownStrategy(f"There is no strategy {name!r}; there are: {known}.")

    def selected(self, current: Selection) -> tuple[StrategyInfo, Strategy]:
        """Return the strategy of the selection ``current``; it is created once in an epoch.

        So after a switch, even to the same strategy, every worker uses the present files.
        """
        made = self._made  # another thread may replace it meanwhile
        if made is None or made[0] != current.epoch:
            entry = self.get(current.strategy)
            made = current.epoch, (entry, entry.create(json.loads(current.options)))
            self._made = made
        return made[1]

    def entries(self) -> list[StrategyInfo]:
        """Return all strategies, sorted by name, after a scan."""
        self.scan()
        return self._sorted()

    def source(self, name: str) -> str:
        """Return the file or the entry point of the strategy ``name``."""
        return self._plugins.source(name)

    def load_failures(self) -> list[LoadFailure]:
        """Return the files and entry points that hold no usable strategy."""
        return self._plugins.load_failures()

    def _sorted(self) -> list[StrategyInfo]:
        with self._lock:
            return [self._entries[name] for name in sorted(self._entries)]
