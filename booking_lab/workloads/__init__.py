"""The workloads. Each is a package of its own, with the scripts of its tables."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from booking_lab.core.lab_workload import LabWorkload
from booking_lab.errors import UnknownKind, safe_text
from booking_lab.plugins import LoadFailure, Plugins

#: The group of entry points; each names a module of an installed package.
GROUP = "booking_lab.workloads"

_SHIPPED = Path(__file__).resolve().parent


class Workloads:
    """The workloads of the lab, of further folders, and of installed packages.

    They are loaded once, because their tables have to exist before the first booking.

    Args:
        folders: further folders to search.
    """

    def __init__(self, folders: Sequence[Path | str] = ()) -> None:
        self._plugins = Plugins(LabWorkload, "workloads", [_SHIPPED, *folders], GROUP)  # type: ignore[type-abstract]
        self._workloads: dict[str, LabWorkload] = {}
        for name, kind in sorted(self._plugins.scan().items()):
            try:
                self._workloads[name] = kind()
                self._workloads[name].name = name
            except Exception as error:  # of any kind: it is a plug-in's code
                self.reject(name, f"{type(error).__name__}: {safe_text(error, str)}")

    def __iter__(self) -> Iterator[LabWorkload]:
        return iter(self._workloads.values())

    def get(self, name: str) -> LabWorkload:
        """Return the workload of this name.

        Raises:
            UnknownKind: there is no such workload.
        """
        try:
            return self._workloads[name]
        except KeyError:
            known = ", ".join(self._workloads)
            raise UnknownKind(
                f"There is no kind of booking {name!r}; there are: {known}."
            ) from None

    def source(self, name: str) -> str:
        """Return the file or the entry point of the workload ``name``."""
        return self._plugins.source(name)

    def reject(self, name: str, reason: str) -> None:
        """Remove the workload ``name``, and report ``reason`` as its load failure."""
        self._workloads.pop(name, None)
        self._plugins.reject(name, reason)

    def load_failures(self) -> list[LoadFailure]:
        """Return the files and entry points that hold no usable workload."""
        return self._plugins.load_failures()


def summary(workload: LabWorkload) -> str:
    """Return the first line of a workload's description, the docstring of its module."""
    kind = type(workload)
    text = sys.modules[kind.__module__].__doc__ or kind.__doc__ or ""
    return inspect.cleandoc(text).partition("\n")[0]
