"""Loads the classes of plug-ins from folders and installed packages.

A file that can't be loaded is reported, and the lab runs on without it.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from booking_lab import permissions
from booking_lab.errors import PluginFault, safe_text

log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "strategies"
#: The folder of the project's strategies: inside of the package in a wheel, beside it in a
#: checkout.
STRATEGIES = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.with_name("strategies")
#: Names of plug-ins, which appear in HTTP requests and in SQL.
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")

T = TypeVar("T")


@cache
def is_shipped(kind: type) -> bool:
    """Return whether a class belongs to the lab itself, and not to a plug-in."""
    try:
        return _is_ours(Path(inspect.getfile(kind)).resolve())
    except TypeError:  # it has no file
        return False


@dataclass(frozen=True)
class LoadFailure:
    """A file or an entry point that can't be loaded as a plug-in.

    Attributes:
        file: the file's path, or the entry point.
        reason: the reason.
    """

    file: str
    reason: str


class Plugins(Generic[T]):
    """The plug-ins of one kind: classes, one in a module, with the name of the module.

    Args:
        kind: the base class.
        what: their name in messages, in the plural.
        folders: the folders to search, in this order; of two modules with one name, the first
            counts. A module is a file or a package. Names with a leading underscore are left out.
        group: the group of entry points that name modules of installed packages.

    Attributes:
        classes: the loaded classes by name.
    """

    def __init__(self, kind: type[T], what: str, folders: Sequence[Path | str], group: str) -> None:
        self._kind = kind
        self._what = what
        self._folders = [Path(folder) for folder in folders]
        # Once: the search reads the metadata of every installed package.
        self._points = list(entry_points(group=group))
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}
        self._sources: dict[str, str] = {}
        self._failures: dict[str, LoadFailure] = {}
        self.classes: dict[str, type[T]] = {}

    def scan(self) -> dict[str, type[T]]:
        """Load modules that are new or have changed since the last scan; return their classes."""
        with self._lock:
            found: dict[str, type[T]] = {}
            for folder in self._folders:
                if not folder.is_dir():
                    self._report(str(folder), "it is no folder")
                    continue
                for file, changed in _modules(folder):
                    name = file.parent.name if file.stem == "__init__" else file.stem
                    if self._is_new(str(file), changed):
                        found |= self._load(name, str(file), lambda f=file: self._imported(f))
            for point in self._points:
                if self._is_new(str(point), 0):
                    found |= self._load(point.name, str(point), lambda p=point: _loaded(p))
            self.classes |= found
            return found

    def load_failures(self) -> list[LoadFailure]:
        """Return the files and entry points that hold no usable plug-in."""
        with self._lock:
            return list(self._failures.values())

    def source(self, name: str) -> str:
        """Return the file or the entry point of ``name``."""
        return self._sources[name]

    def reject(self, name: str, reason: str) -> None:
        """Remove the plug-in ``name``, and report ``reason`` as its load failure."""
        with self._lock:
            self.classes.pop(name, None)
            self._report(self._sources.pop(name), reason)

    def _is_new(self, source: str, changed: float) -> bool:
        if self._seen.get(source) == changed:
            return False
        self._seen[source] = changed
        return True

    def _load(self, name: str, source: str, load: object) -> dict[str, type[T]]:
        self._failures.pop(source, None)
        try:
            if not _NAME.fullmatch(name):
                raise PluginFault(
                    f"{name!r} is no name: it takes lower case letters, digits and underscores, "
                    f"a letter first"
                )
            if self._sources.get(name, source) != source:
                raise PluginFault(f"the name {name} is taken by {self._sources[name]}")
            assert callable(load)
            found = self._class_in(load())
        except (Exception, SystemExit) as error:  # of any kind: it is a plug-in's code
            self._report(source, f"{type(error).__name__}: {safe_text(error, str)}")
            return {}
        self._sources[name] = source
        return {name: found}

    def _imported(self, file: Path) -> ModuleType:
        package = file.parent if file.stem == "__init__" else file.with_suffix("")
        if not _is_ours(package) and (reason := _changed_by_others(file)):
            raise PluginFault(f"it is not run: {reason}")
        if package.is_relative_to(_PACKAGE) and not package.is_relative_to(STRATEGIES):
            # Other modules import the lab's own workloads by this name, so it must be the same
            # class. No module imports a strategy, and a strategy is the same module in a wheel.
            return importlib.import_module(
                ".".join([_PACKAGE.name, *package.relative_to(_PACKAGE).parts])
            )
        if not _is_ours(package):
            # Python uses a compiled file if the source has the same size and was changed in the
            # same second. After two saves within a second, it would run the first version.
            sys.dont_write_bytecode = True
        folders = [str(file.parent)] if file.stem == "__init__" else None
        spec = importlib.util.spec_from_file_location(
            # A strategy and a workload can have the same name, and need two modules.
            f"booking_lab_{self._what}_{package.name}",
            file,
            submodule_search_locations=folders,
        )
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses and docstrings look up their module there
        spec.loader.exec_module(module)
        return module

    def _class_in(self, module: ModuleType) -> type[T]:
        found = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and value.__module__.startswith(module.__name__)
            and issubclass(value, self._kind)
            and not inspect.isabstract(value)
        ]
        if len(found) != 1:
            raise PluginFault(f"it defines {len(found)} {self._what}; a module holds one")
        return found[0]

    def _report(self, source: str, reason: str) -> None:
        reason = " ".join(reason.split())  # one line, because it appears in lists
        if self._failures.get(source) != LoadFailure(source, reason):
            self._failures[source] = LoadFailure(source, reason)
            log.error("%s holds no usable plug-in: %s", source, reason)


def _is_ours(package: Path) -> bool:
    """Return whether the code is a part of the lab."""
    return any(package.is_relative_to(folder) for folder in (_PACKAGE, STRATEGIES))


def _changed_by_others(file: Path) -> str | None:
    if file.stem == "__init__":
        return permissions.written_by_others(
            file.parent.parent, (file.parent, *file.parent.rglob("*"))
        )
    return permissions.written_by_others(file.parent, (file, file.parent / "__pycache__"))


def _modules(folder: Path) -> Iterator[tuple[Path, float]]:
    """Yield the modules in ``folder``, each with the time of its last change."""
    for pattern in ("[!_]*.py", "[!_]*/__init__.py"):
        for file in sorted(folder.glob(pattern)):
            # An editor may replace a file between the listing and this moment.
            with suppress(FileNotFoundError):
                changed = file.stat().st_mtime
                yield file, changed


def _loaded(point: EntryPoint) -> ModuleType:
    module = point.load()
    if not inspect.ismodule(module):
        raise PluginFault(f"{point.value} is no module; name the module, not the class")
    return module
