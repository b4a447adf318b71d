"""Finds classes in folders and installed packages. A broken file is reported, the lab runs on."""

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
#: The project's own strategies: inside of the package in a wheel, beside it in a checkout.
STRATEGIES = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.with_name("strategies")
#: What can be asked for by name, over HTTP and in SQL.
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")

T = TypeVar("T")


@cache
def is_shipped(kind: type) -> bool:
    """Tell whether a class is the lab's own, and not anybody else's."""
    try:
        return _is_ours(Path(inspect.getfile(kind)).resolve())
    except TypeError:  # it stands in no file
        return False


@dataclass(frozen=True)
class LoadFailure:
    """A file or an entry point that should hold a plug-in and doesn't.

    Attributes:
        file: the file's path, or the entry point.
        reason: why not.
    """

    file: str
    reason: str


class Plugins(Generic[T]):
    """The classes of one kind: one to a module, named like the module.

    Args:
        kind: the class that they inherit from.
        what: what they are called in messages.
        folders: where to look, in this order; an earlier one wins a name. A module is a file or a
            package; those whose name begins with an underscore are passed over.
        group: the entry points that name modules of installed packages.
    """

    def __init__(self, kind: type[T], what: str, folders: Sequence[Path | str], group: str) -> None:
        self._kind = kind
        self._what = what
        self._folders = [Path(folder) for folder in folders]
        # Looked up once: it reads the metadata of every package that is installed.
        self._points = list(entry_points(group=group))
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}
        self._sources: dict[str, str] = {}
        self._failures: dict[str, LoadFailure] = {}
        self.classes: dict[str, type[T]] = {}

    def scan(self) -> dict[str, type[T]]:
        """Look for what is new or has changed since the last look; return what that brought."""
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
        """What holds no usable plug-in."""
        with self._lock:
            return list(self._failures.values())

    def source(self, name: str) -> str:
        """Where ``name`` was found: a file, or an entry point."""
        return self._sources[name]

    def reject(self, name: str, reason: str) -> None:
        """Take back what was found under ``name``: it is of no use."""
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
        except (Exception, SystemExit) as error:  # whatever its author did, the lab runs on
            self._report(source, f"{type(error).__name__}: {safe_text(error, str)}")
            return {}
        self._sources[name] = source
        return {name: found}

    def _imported(self, file: Path) -> ModuleType:
        package = file.parent if file.stem == "__init__" else file.with_suffix("")
        if not _is_ours(package) and (reason := _changed_by_others(file)):
            raise PluginFault(f"it is not run: {reason}")
        if package.is_relative_to(_PACKAGE) and not package.is_relative_to(STRATEGIES):
            # The lab's own, which others import by this name too: it must be one class for all.
            # Nobody imports a strategy, and in a wheel it is no other module than in a checkout.
            return importlib.import_module(
                ".".join([_PACKAGE.name, *package.relative_to(_PACKAGE).parts])
            )
        if not _is_ours(package):
            # Python takes what it has compiled for current if the source has the size it had and
            # was changed in the same second: who saves twice in one would run the first.
            sys.dont_write_bytecode = True
        folders = [str(file.parent)] if file.stem == "__init__" else None
        spec = importlib.util.spec_from_file_location(
            # A strategy and a workload may bear one name, and are two modules all the same.
            f"booking_lab_{self._what}_{package.name}",
            file,
            submodule_search_locations=folders,
        )
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses and docstrings look their module up there
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
        reason = " ".join(reason.split())  # a line in a list, whatever the error made of it
        if self._failures.get(source) != LoadFailure(source, reason):
            self._failures[source] = LoadFailure(source, reason)
            log.error("%s holds no usable plug-in: %s", source, reason)


def _is_ours(package: Path) -> bool:
    """Whether it is a part of the lab, and as safe as the lab itself."""
    return any(package.is_relative_to(folder) for folder in (_PACKAGE, STRATEGIES))


def _changed_by_others(file: Path) -> str | None:
    if file.stem == "__init__":
        return permissions.written_by_others(
            file.parent.parent, (file.parent, *file.parent.rglob("*"))
        )
    return permissions.written_by_others(file.parent, (file, file.parent / "__pycache__"))


def _modules(folder: Path) -> Iterator[tuple[Path, float]]:
    """The modules in ``folder``, and when each was changed."""
    for pattern in ("[!_]*.py", "[!_]*/__init__.py"):
        for file in sorted(folder.glob(pattern)):
            # An editor may put a new file in the place of one that was seen a moment ago.
            with suppress(FileNotFoundError):
                changed = file.stat().st_mtime
                yield file, changed


def _loaded(point: EntryPoint) -> ModuleType:
    module = point.load()
    if not inspect.ismodule(module):
        raise PluginFault(f"{point.value} is no module; name the module, not the class")
    return module
