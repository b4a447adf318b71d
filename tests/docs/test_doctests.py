"""The examples in docstrings: each name that the package exports has one, and all of them run."""

from __future__ import annotations

import doctest
import importlib
import re
from collections.abc import Iterator

import pytest

import booking_lab
from booking_lab.errors import BookingLabError

#: Beside the modules of what the root exports.
MORE = (
    *("booking_lab", "booking_lab.checker.linearize", "booking_lab.config"),
    "booking_lab.crowd.verdict",
)
MODULES = sorted({*MORE, *(f"booking_lab.{name}" for name in booking_lab._MODULES.values())})
#: What these do can be shown with servers alone; of the errors, one example shows them all.
WITHOUT = {"Attempt", "RedisLease", "Row", "Session", "Violation"}


def examples() -> Iterator[doctest.DocTest]:
    for name in MODULES:
        for found in doctest.DocTestFinder().find(importlib.import_module(name)):
            if found.examples:
                yield found


FOUND = list(examples())


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.name)
def test_an_example_does_what_it_shows(found: doctest.DocTest) -> None:
    said: list[str] = []
    ran = doctest.DocTestRunner().run(found, out=said.append)
    assert ran.failed == 0, "".join(said)


def is_error(name: str) -> bool:
    public = getattr(booking_lab, name)
    return isinstance(public, type) and issubclass(public, BookingLabError)


@pytest.mark.parametrize("name", sorted({*booking_lab.__all__} - WITHOUT))
def test_a_public_name_has_an_example(name: str) -> None:
    if is_error(name):
        assert "booking_lab.errors.BookingLabError" in {found.name for found in FOUND}
    else:
        shown = "".join(example.source for found in FOUND for example in found.examples)
        assert re.search(rf"\b{name}\b", shown)
