"""What can be booked: each workload stands in a package of its own, its schema beside it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.errors import UnknownKind, safe_text
from booking_lab.plugins import LoadFailure, Plugins

#: Entry points of installed packages; each names a module.
GROUP = "booking_lab.workloads"

_SHIPPED = Path(__file__).resolve().parent


class Workloads:
    """The lab's own workloads, those of more folders, and those of installed packages.

    They are looked for once: their tables have to be made before anything is booked.

    Args:
        folders: where to look besides.
    """

    def __init__(self, folders: Sequence[Path | str] = ()) -> None:
        self._plugins = Plugins(LabWorkload, "workloads", [_SHIPPED, *folders], GROUP)  # type: ignore[type-abstract]
        self._workloads: dict[str, LabWorkload] = {}
        for name, kind in sorted(self._plugins.scan().items()):
            try:
                self._workloads[name] = kind()
                self._workloads[name].name = name
            except Exception as error:  # whatever a plug-in's author did, the lab runs on
                self.reject(name, f"{type(error).__name__}: {safe_text(error, str)}")

    def __iter__(self) -> Iterator[LabWorkload]:
        return iter(self._workloads.values())

    def get(self, name: str) -> LabWorkload:
        """Return the workload of this name.

        Raises:
            UnknownKind: there is none.
        """
        try:
            return self._workloads[name]
        except KeyError:
            known = ", ".join(self._workloads)
            raise UnknownKind(
                f"There is no kind of booking {name!r}; there are: {known}."
            ) from None

    def source(self, name: str) -> str:
        """Where ``name`` was found: a file, or an entry point."""
        return self._plugins.source(name)

    def reject(self, name: str, reason: str) -> None:
        """Take back what was found under ``name``: it is of no use."""
        self._workloads.pop(name, None)
        self._plugins.reject(name, reason)

    def load_failures(self) -> list[LoadFailure]:
        """The files that hold no usable workload."""
        return self._plugins.load_failures()


def summary(workload: LabWorkload) -> str:
    """Return the first line of a workload's description, which is its module's docstring."""
    kind = type(workload)
    text = sys.modules[kind.__module__].__doc__ or kind.__doc__ or ""
    return inspect.cleandoc(text).partition("\n")[0]
