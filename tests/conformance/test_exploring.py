"""How far the suite explores to answer a question, and that nothing is left out for it."""

from __future__ import annotations

import pytest

from booking_lab.conformance.exploring import QUICK, Explorations, Question
from booking_lab.conformance.subjects import Subject
from booking_lab.explorer.scheduler.scheduler import Endless
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads
from tests.conformance.variants import LIARS

REGISTRY = Registry([SHIPPED, LIARS])


def question(name):
    entry = REGISTRY.get(name)
    return Question(Subject(entry, entry.create({})), Workloads().get("seats"), everything=True)


def test_whoever_wants_more_has_the_rest_explored(exploration_servers):
    asked = question("atomic")
    explorations = Explorations(exploration_servers, REGISTRY, QUICK)

    first = explorations.of(asked, enough=lambda found: found.contests).schedules
    again = explorations.of(asked, enough=lambda found: found.contests).schedules
    found = explorations.of(asked)

    assert 0 < first == again < found.schedules
    assert found.contests == len(asked.scenarios)
    assert found == explorations.of(asked)


def test_what_stops_it_is_told_to_everybody_who_asks(exploration_servers):
    explorations = Explorations(exploration_servers, REGISTRY, QUICK)

    for _ in range(2):
        with pytest.raises(Endless):
            explorations.of(question("waits_for_ever"))
