"""Copies of plug-ins' code, one for each simulated process, with globals of its own."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.strategy import Strategy
from booking_lab.explorer.recording.calls import recording_workload
from booking_lab.explorer.scheduler.shared_state import may_share_state
from booking_lab.runtime.strategy_registry import StrategyInfo

T = TypeVar("T")

#: Separates a module's name from the number of its copy; no module's own name has this character.
_MARK = "~"


@dataclass
class ProcessCode:
    """The strategy and the workload of one simulated process.

    All processes use the same code if it keeps no state between bookings. If it may keep state,
    each process has a copy of its own. It is loaded again for each schedule, so that each schedule
    begins with a new process.

    Attributes:
        entry: the strategy's entry in the registry.
        strategy: the strategy with its options.
        workload: the workload.
        number: the number of the process.
    """

    entry: StrategyInfo
    strategy: Strategy
    workload: LabWorkload
    number: int

    def __post_init__(self) -> None:
        self._options = self.entry.options_of(self.strategy)
        self._reloads = may_share_state(self.strategy), may_share_state(self.workload)
        self.recorded_workload = recording_workload(self.workload)

    @property
    def may_share(self) -> bool:
        """Whether bookers of this process may share state in its code."""
        return any(self._reloads)

    def reload(self) -> None:
        """Load the copies again, as in a process that has just started."""
        loads_strategy, loads_workload = self._reloads
        if loads_strategy:
            self.entry = StrategyInfo(
                self.entry.name, load_copy(self.entry.strategy_class, self.number)
            )
            self.strategy = self.entry.create(self._options)
        if loads_workload:
            workload = load_copy(type(self.workload), self.number)()
            workload.name = self.workload.name
            self.recorded_workload = recording_workload(workload)


def load_copy(kind: type[T], number: int) -> type[T]:
    """Load another copy of a plug-in's module, and of the modules of its folder that it imports.

    Args:
        kind: the plug-in's class.
        number: the number of the copy; it replaces an earlier copy with this number.

    Returns:
        The class of the copy.
    """
    root, dot, rest = kind.__module__.partition(".")
    root = root.partition(_MARK)[0]
    original = sys.modules[root]
    with _without_imported_modules(original):
        copy = _load_module_copy(original, f"{root}{_MARK}{number}")
        module = importlib.import_module(f"{copy}{dot}{rest}")
    found: Any = module
    for name in kind.__qualname__.split("."):
        found = getattr(found, name)
    return cast(type[T], found)


def _load_module_copy(original: ModuleType, name: str) -> str:
    """Load a copy of a module of a folder of plug-ins, and return its name.

    A module of an installed package is not copied: it imports its own modules by their names.
    """
    spec = original.__spec__
    assert spec
    if not spec.name.startswith("booking_lab_"):
        return spec.name
    for known in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[known]
    copy = importlib.util.spec_from_file_location(
        name, spec.origin, submodule_search_locations=spec.submodule_search_locations
    )
    assert copy
    assert copy.loader
    module = importlib.util.module_from_spec(copy)
    sys.modules[name] = module
    copy.loader.exec_module(module)
    return name


@contextmanager
def _without_imported_modules(original: ModuleType) -> Iterator[None]:
    """Make imports in the block load the modules of a folder again; restore them afterwards."""
    folder = f"{Path(_file(original)).parent}{os.sep}"
    aside = _remove_modules(folder)
    try:
        yield
    finally:
        _remove_modules(folder)
        sys.modules.update(aside)


def _remove_modules(folder: str) -> dict[str, ModuleType]:
    """Remove the modules of ``folder`` from ``sys.modules``, except copies; return them."""
    names = [name for name, one in sys.modules.items() if _MARK not in name]
    lying = [name for name in names if _file(sys.modules[name]).startswith(folder)]
    return {name: sys.modules.pop(name) for name in lying}


def _file(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else ""
