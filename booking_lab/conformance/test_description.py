"""The description and the options of a strategy."""

from __future__ import annotations

import re

import pytest

from booking_lab.conformance.subjects import Subject
from booking_lab.errors import InvalidOptions

#: The parts of a description; a strategy that is broken on purpose explains a mistake instead.
_PARTS = ("Prevents", "Costs", "Take it")
_PARTS_OF_A_MISTAKE = ("Looks right", "Goes wrong", "Mend it")


def test_describes_itself(subject: Subject) -> None:
    """The docstring has the standard name, and parts on effects, costs and use."""
    name, colon, _ = subject.entry.summary.partition(":")
    assert all([name, colon]), (
        "The first line of its docstring begins with its standard name: and ..."
    )
    parts = _PARTS_OF_A_MISTAKE if subject.kind.broken else _PARTS
    there = re.findall(r"^([A-Z][a-z' ]+): \S", subject.entry.description, re.MULTILINE)
    missing = [part for part in parts if part not in there]
    assert not missing, f"Its docstring lacks the part {missing[0]!r}: ..."


def test_explains_each_option(subject: Subject) -> None:
    """Each option has a description and a default, which the API shows."""
    for option in subject.entry.options:
        assert option.get("description"), f"Option {option['name']} has no description"
        assert "default" in option, f"Option {option['name']} has no default"


def test_refuses_options_that_make_no_sense(subject: Subject) -> None:
    """A wrong type and an unknown option are refused before a booking."""
    for option in subject.entry.options:
        wrong: object = [] if option.get("type") == "object" else {}
        with pytest.raises(InvalidOptions):
            subject.entry.create({option["name"]: wrong})
    with pytest.raises(InvalidOptions):
        subject.entry.create({"no_such_option": 1})


def test_bounds_each_number(subject: Subject) -> None:
    """Each number has a lowest and a highest value: a request can't ask for a million tries."""
    for option in subject.entry.options:
        if option.get("type") in {"integer", "number"}:
            low = option.keys() & {"minimum", "exclusiveMinimum"}
            high = option.keys() & {"maximum", "exclusiveMaximum"}
            assert all([low, high]), f"Option {option['name']} is a number without bounds"
