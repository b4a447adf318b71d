"""Bookers of several processes share no memory; those of one do, and what their code keeps too."""

from textwrap import dedent

import pytest

from booking_lab.core.strategy import Strategy
from booking_lab.explorer.scheduler.process_code import load_copy
from booking_lab.explorer.scheduler.shared_state import may_share_state
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse, schedule_text
from booking_lab.runtime.strategy_registry import SHIPPED, Registry

#: Books if nobody else of its process does.
UNDER_WAY = """
    from dataclasses import dataclass
    from booking_lab import Attempt, Busy, Strategy
    {before}

    @dataclass(frozen=True)
    class Own(Strategy):
        def book(self, attempt: Attempt) -> None:
            if {under_way}:
                raise Busy
            {under_way}.add(1)
            try:
                with attempt.transaction():
                    attempt.write(attempt.decide(attempt.read()))
            finally:
                {under_way}.clear()
"""


@pytest.fixture
def write(tmp_path):
    """Write a strategy, and modules that it imports; return its folder."""

    def write(text, **modules):
        for name, code in {"own": text, **modules}.items():
            (tmp_path / f"{name}.py").write_text(dedent(code))
        return tmp_path

    return write


PLACES = {
    "a global": ("UNDER_WAY = set()", "UNDER_WAY"),
    "a class": ("class Things:\n        under_way = set()", "Things.under_way"),
    "a function": ("def things(under_way=set()):\n        return under_way", "things()"),
    "a cache": ("from functools import cache\n    things = cache(set)", "things()"),
}


@pytest.mark.parametrize("where", PLACES)
def test_what_a_module_keeps_is_shared_in_one_process_and_not_between_two(run, write, where):
    before, under_way = PLACES[where]
    folder = write(UNDER_WAY.format(before=before, under_way=under_way))

    together = run("own", folders=(folder,), workers=1)
    apart = run("own", folders=(folder,), workers=2)

    assert together.shares_memory
    assert together.bad == 0
    assert {"double booking", "lost update"} == set(apart.anomalies)


@pytest.mark.parametrize("late", [False, True])
def test_what_it_imports_from_its_own_folder_is_its_processes_own(run, tmp_path, late):
    package = tmp_path / "own"
    package.mkdir()
    (package / "things.py").write_text("UNDER_WAY = set()")
    imports = "from .things import UNDER_WAY"
    before = f"def under_way():\n        {imports}\n        return UNDER_WAY" if late else imports
    text = UNDER_WAY.format(before=before, under_way="under_way()" if late else "UNDER_WAY")
    (package / "__init__.py").write_text(dedent(text))

    assert run("own", folders=(tmp_path,), workers=1).bad == 0
    assert run("own", folders=(tmp_path,), workers=2).bad > 0


def test_a_schedule_begins_with_what_a_new_process_has(run, write):
    text = """
        from dataclasses import dataclass
        from booking_lab import Attempt, Busy, Strategy

        SEEN = []

        @dataclass(frozen=True)
        class Own(Strategy):
            def book(self, attempt: Attempt) -> None:
                SEEN.append(1)
                if len(SEEN) > 2:
                    raise Busy("more than two have been here")
                with attempt.transaction():
                    attempt.write(attempt.decide(attempt.read()))
    """
    found = run("own", folders=(write(text),), workers=1)

    assert found.bad > 0
    assert found.schedules > 14
    assert not any("more than two" in one.message for one in found.last.endings.values())


def test_code_before_the_first_message_has_its_turn(run, write):
    folder = write(UNDER_WAY.format(before="UNDER_WAY = set()", under_way="UNDER_WAY"))

    found = run("own", folders=(folder,), workers=1)
    late = "A:begin A:read A:write A:commit B:begin B:read B:release"
    replayed = run("own", folders=(folder,), workers=1, search=ReplaySearch(parse(late)))

    # Who begins when the other is done meets nobody, and hears from the seat that it is taken.
    assert found.outcomes["refused"] > 0
    assert found.outcomes["conflict"] > 0
    assert schedule_text(replayed.last.schedule) == late
    assert [one.outcome for one in replayed.last.endings.values()] == ["confirmed", "refused"]


def test_the_labs_own_strategies_keep_nothing_of_their_own():
    registry = Registry([SHIPPED], shelf=True)

    assert [one.name for one in registry.entries() if may_share_state(one.create({}))] == []


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from threading import local",
        "import itertools\nNUMBERS = itertools.count()",
        "class Thing: pass\nTHING = Thing()",
        "def count():\n    global MANY\n    MANY = 1",
        "def mark(thing):\n    thing.marked = True",
        "def mark(thing):\n    setattr(thing, 'marked', True)",
        "def late():\n    import shelve",
        "def outer(kept=[]):\n    return lambda: kept",
        "TABLE = {}",
        "PAIRS = ((1, []),)",
    ],
)
def test_what_might_be_shared_is_seen(write, line):
    plain = """
from dataclasses import dataclass
from booking_lab import Attempt, Strategy
WORDS = ("a", frozenset({1}))

@dataclass(frozen=True)
class Own(Strategy):
    def book(self, attempt: Attempt) -> None:
        found = {}
        found[attempt.number] = [attempt.request]
"""
    folder = write(plain)
    assert not may_share_state(Registry([folder]).get("own").create({}))

    (folder / "other.py").write_text(f"{line}\n{plain}")
    assert may_share_state(Registry([folder]).get("other").create({}))


def test_a_copy_is_another_class_and_leaves_the_original_alone(write):
    folder = write(UNDER_WAY.format(before="UNDER_WAY = set()", under_way="UNDER_WAY"))
    kind = Registry([folder]).get("own").strategy_class

    copies = [load_copy(kind, number) for number in (0, 1, 0)]

    assert len({id(one) for one in (kind, *copies)}) == 4
    assert all(issubclass(one, Strategy) for one in copies)
    assert load_copy(copies[1], 1).__module__ == copies[1].__module__
