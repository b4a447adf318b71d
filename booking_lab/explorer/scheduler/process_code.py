"""The code of plug-ins as one process has it: loaded for it, with globals of its own."""

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
from booking_lab.runtime.strategy_registry import Entry

T = TypeVar("T")

#: Stands between a module's name and the number of its copy; no module's own name has it.
_MARK = "~"


@dataclass
class ProcessCode:
    """What one process of an exploration runs.

    Processes that share nothing can run the same copy. Where the code may keep something between
    bookings, each process has a copy of its own, which is loaded anew for each schedule: so it
    begins as a process does that was just started.

    Attributes:
        entry: the strategy as found.
        strategy: the strategy with its options.
        workload: what is booked.
        number: tells this process from the others.
    """

    entry: Entry
    strategy: Strategy
    workload: LabWorkload
    number: int

    def __post_init__(self) -> None:
        self._options = self.entry.given(self.strategy)
        self._reloads = may_share_state(self.strategy), may_share_state(self.workload)
        self.recorded_workload = recording_workload(self.workload)

    @property
    def may_share(self) -> bool:
        """Whether bookers of this process may meet in what its code keeps."""
        return any(self._reloads)

    def reload(self) -> None:
        """Begin as a process does that was just started."""
        loads_strategy, loads_workload = self._reloads
        if loads_strategy:
            self.entry = Entry(self.entry.name, load_copy(self.entry.kind, self.number))
            self.strategy = self.entry.make(self._options)
        if loads_workload:
            workload = load_copy(type(self.workload), self.number)()
            workload.name = self.workload.name
            self.recorded_workload = recording_workload(workload)


def load_copy(kind: type[T], number: int) -> type[T]:
    """Load a plug-in's module once more, with what it imports from its own folder.

    Args:
        kind: the plug-in's class.
        number: tells the copies from each other; one of the same number is replaced.

    Returns:
        The class as the copy defines it.
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
    """Load a module of a folder of plug-ins; return the name of the copy.

    What comes from an installed package has one name only, under which it imports itself.
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
    """Have what lies in a module's folder imported anew in the block, and nothing changed by it."""
    folder = f"{Path(_file(original)).parent}{os.sep}"
    aside = _remove_modules(folder)
    try:
        yield
    finally:
        _remove_modules(folder)
        sys.modules.update(aside)


def _remove_modules(folder: str) -> dict[str, ModuleType]:
    """Forget what was imported from ``folder``, but for the copies; return it."""
    names = [name for name, one in sys.modules.items() if _MARK not in name]
    lying = [name for name in names if _file(sys.modules[name]).startswith(folder)]
    return {name: sys.modules.pop(name) for name in lying}


def _file(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else ""
