"""What the strategy says of itself, to whoever has to choose."""

from __future__ import annotations

import re

import pytest

from booking_lab.conformance.subjects import Subject
from booking_lab.errors import InvalidOptions

#: What a description tells; one that is broken on purpose teaches a mistake instead.
_PARTS = ("Prevents", "Costs", "Take it")
_PARTS_OF_A_MISTAKE = ("Looks right", "Goes wrong", "Mend it")


def test_describes_itself(subject: Subject) -> None:
    """The standard name first, then what it prevents, what it costs and when to take it."""
    name, colon, _ = subject.entry.summary.partition(":")
    assert all([name, colon]), (
        "The first line of its docstring begins with its standard name: and ..."
    )
    parts = _PARTS_OF_A_MISTAKE if subject.kind.broken else _PARTS
    told = re.findall(r"^([A-Z][a-z' ]+): \S", subject.entry.description, re.MULTILINE)
    missing = [part for part in parts if part not in told]
    assert not missing, f"Its docstring lacks the part {missing[0]!r}: ..."


def test_explains_each_option(subject: Subject) -> None:
    """An option has a meaning and a default, so that the API can say what it takes."""
    for option in subject.entry.options:
        assert option.get("description"), f"Option {option['name']} has no description"
        assert "default" in option, f"Option {option['name']} has no default"


def test_refuses_options_that_make_no_sense(subject: Subject) -> None:
    """A wrong kind or an option that isn't there is refused, and not found out while booking."""
    for option in subject.entry.options:
        wrong: object = [] if option.get("type") == "object" else {}
        with pytest.raises(InvalidOptions):
            subject.entry.create({option["name"]: wrong})
    with pytest.raises(InvalidOptions):
        subject.entry.create({"no_such_option": 1})


def test_bounds_each_number(subject: Subject) -> None:
    """A number has a lowest and a highest value: nobody can ask for a million tries."""
    for option in subject.entry.options:
        if option.get("type") in {"integer", "number"}:
            low = option.keys() & {"minimum", "exclusiveMinimum"}
            high = option.keys() & {"maximum", "exclusiveMaximum"}
            assert all([low, high]), f"Option {option['name']} is a number without bounds"
