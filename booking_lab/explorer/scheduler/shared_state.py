"""Finds out whether the code of a plug-in may share state between bookings of one process.

Such state can be in a global variable, in an attribute of a class, or in a mutable option. Code
without mutable values, and without statements that store something outside of its own variables,
shares nothing. All other code may share state.
"""

from __future__ import annotations

import dis
import re
import sys
from collections.abc import Iterator
from enum import Enum
from functools import partial
from logging import Logger
from pathlib import Path
from types import CodeType, FunctionType, GenericAlias, ModuleType
from typing import Any

#: Modules that offer no place for state. The lab's own modules keep state in ``Servers`` only.
_HARMLESS = frozenset(
    {
        *("__future__", "abc", "booking_lab", "builtins", "collections", "contextlib"),
        *("dataclasses", "datetime", "decimal", "enum", "functools", "hashlib", "itertools"),
        *("json", "logging", "math", "numbers", "operator", "pydantic", "random", "re"),
        *("string", "time", "types", "typing", "uuid"),
    }
)
#: Names with which code can reach or change shared state.
_SHARING_NAMES = frozenset(
    {
        *("__builtins__", "__dict__", "__import__", "__setattr__", "_servers", "_session"),
        *("delattr", "eval", "exec", "globals", "memory", "open", "setattr", "vars"),
    }
)
_STORES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR"})
_IMMUTABLE = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    type(...),
    Enum,
    re.Pattern,
    Logger,
)
#: Modules whose instances describe types.
_TYPING_MODULES = frozenset({"__future__", "types", "typing"})
#: Attributes that Python and pydantic generate in a class.
_GENERATED = re.compile(r"__(pydantic|dataclass)_.*|_abc_impl|__\w+__")


def may_share_state(plugin: object) -> bool:
    """Whether an instance of a plug-in's class, or its code, may share state.

    The lab's own plug-ins don't: they keep shared state in ``Servers.memory``.
    """
    module = sys.modules[type(plugin).__module__]
    if _root(module.__name__) == "booking_lab":
        return False
    finder = _SharedStateFinder(module)
    return any(map(finder.may_share, (*_values(plugin), sys.modules[_root(module.__name__)])))


def _values(plugin: object) -> list[object]:
    """Return the values of the attributes of an instance."""
    names = getattr(type(plugin), "__slots__", ())
    return [*getattr(plugin, "__dict__", {}).values(), *(getattr(plugin, name) for name in names)]


def _root(module: str) -> str:
    return module.partition(".")[0]


class _SharedStateFinder:
    """Visits everything of its own that the code of one plug-in can reach."""

    def __init__(self, module: ModuleType) -> None:
        self._root = _root(module.__name__)
        self._folder = str(Path(module.__file__ or self._root).parent)
        self._seen: set[int] = set()

    def may_share(self, value: Any) -> bool:
        """Whether ``value`` is mutable, or leads to a mutable value."""
        if isinstance(value, _IMMUTABLE) or id(value) in self._seen:
            return False
        self._seen.add(id(value))
        if isinstance(value, tuple | frozenset):
            return any(map(self.may_share, value))
        if isinstance(value, ModuleType):
            return self._module(value)
        if isinstance(value, GenericAlias) or type(value).__module__ in _TYPING_MODULES:
            return False
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, staticmethod | classmethod):
            return self.may_share(value.__func__)
        if isinstance(value, property):
            return any(map(self.may_share, (value.fget, value.fset, value.fdel)))
        if isinstance(value, partial):
            return any(map(self.may_share, (value.func, *value.args, *value.keywords.values())))
        parameters = getattr(type(value), "__dataclass_params__", None)
        frozen = parameters is not None and parameters.frozen
        return not frozen or any(map(self.may_share, _values(value)))

    def _is_own(self, module: ModuleType | None) -> bool:
        if module is None:
            return False
        file = getattr(module, "__file__", None) or ""
        return _root(module.__name__) == self._root or Path(file).is_relative_to(self._folder)

    def _module(self, module: ModuleType) -> bool:
        if not self._is_own(module):
            return _root(module.__name__) not in _HARMLESS
        return any(
            self.may_share(value)
            for name, value in vars(module).items()
            if not name.startswith("__")
        )

    def _class(self, kind: type) -> bool:
        if not self._is_own(sys.modules.get(kind.__module__)):
            return _root(kind.__module__) not in _HARMLESS
        written = {
            name: value
            for name, value in vars(kind).items()
            if not _GENERATED.fullmatch(name) or self._is_written_by_hand(value)
        }
        return any(map(self.may_share, (*kind.__bases__, *written.values())))

    def _is_written_by_hand(self, value: object) -> bool:
        return isinstance(value, FunctionType) and value.__code__.co_filename.startswith(
            self._folder
        )

    def _function(self, function: FunctionType) -> bool:
        own = self._is_own(sys.modules.get(function.__module__))
        if not own and _root(function.__module__) not in _HARMLESS:
            return True
        kept = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        if own:
            kept += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
            kept += vars(function).values()
        return (own and any(map(_may_change_shared_state, _codes(function.__code__)))) or any(
            map(self.may_share, kept)
        )


def _is_filled(cell: Any) -> bool:
    try:
        return bool(cell.cell_contents is not None)
    except ValueError:  # the name has no value yet
        return False


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all code objects inside it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _may_change_shared_state(code: CodeType) -> bool:
    """Whether the code uses a name or an instruction that may change shared state."""
    return not _SHARING_NAMES.isdisjoint(code.co_names) or any(
        one.opname in _STORES or (one.opname == "IMPORT_NAME" and _is_sharing_import(one.argval))
        for one in dis.get_instructions(code)
    )


def _is_sharing_import(name: str) -> bool:
    # A relative import leads to the plug-in's own modules, whose state can't be seen here.
    return _root(name) not in _HARMLESS
