"""Who waits first goes on first, in every run, on servers whose processes can't be stopped."""

import os
from types import SimpleNamespace

import pytest

from booking_lab.explorer.scheduler import scheduler
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import Diverged, parse, schedule_text

#: A waits for C, and B behind A. As C commits, B is through, or waits for D if there is one. Either
#: way, A waits for B in turn.
OVERTAKEN = """
import os
wanted = {"A": (1, 2), "B": (2, 3), "C": (1, 2), "D": (3,)}[who]
if who == "A":
    wanted, os.kept.wanted = getattr(os.kept, "wanted", wanted), THEN
with attempt.transaction():
    lock = "SELECT count(pg_advisory_xact_lock(n)) FROM unnest(%(wanted)s) AS n"
    attempt.statement(StepKind.ACQUIRE, "own", lock, {"wanted": list(wanted)})
    book()
"""
ONCE, ALWAYS = OVERTAKEN.replace("THEN", "(1,)"), OVERTAKEN.replace("THEN", "(1, 2)")
#: C does something else in its second run.
UNSTEADY = """
import os
if who == "C":
    if hasattr(os.kept, "has_run"):
        send("1", StepKind.READ)
    os.kept.has_run = True
"""
BEGIN = "A:begin B:begin C:begin"
ADDRESS = f"{BEGIN} C:acquire A:acquire B:acquire C:read C:write C:commit"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch):
    """As if the server were on another machine."""
    monkeypatch.setattr(scheduler, "can_be_held", lambda *_: False)


@pytest.fixture(autouse=True)
def _kept(monkeypatch):
    """What a strategy has kept outside of its process, which is not as new in each run."""
    monkeypatch.setattr(os, "kept", SimpleNamespace(), raising=False)


def waits(found, name):
    """For whom a booker waited at its first step, and what it sent there."""
    [event] = [one for one in found.last.events if str(one.move) == f"{name}:acquire"]
    return event.waits_for, len(event.messages[0].parameters["wanted"])


@pytest.mark.parametrize("address", [ADDRESS, f"D:begin D:acquire {ADDRESS}"])
@pytest.mark.parametrize(("book", "locks"), [(ONCE, 1), (ALWAYS, 2)])
def test_a_run_in_which_somebody_was_overtaken_is_run_again(own, book, locks, address):
    bookers = 4 if "D" in address else 3

    found = own(book, bookers=bookers, search=ReplaySearch(parse(address)))

    assert found.schedules == 1
    assert found.outcomes == {"confirmed": 1, "refused": bookers - 1}
    assert waits(found, "A") == (("C",), locks)  # what is so every time is let be
    assert waits(found, "B") == (("C",), 2)
    assert schedule_text(found.last.schedule).startswith(address)


def test_what_comes_after_it_is_still_a_choice(own):
    address = f"{ADDRESS} death:B A:read"

    found = own(ALWAYS, bookers=3, nemeses=("death",), search=ReplaySearch(parse(address)))

    assert schedule_text(found.last.schedule).startswith(address)


def test_what_is_run_again_is_held_to_what_it_was(own):
    with pytest.raises(Diverged, match="runs of the same schedule differ"):
        own(UNSTEADY + ALWAYS, bookers=3, search=ReplaySearch(parse(ADDRESS)))
