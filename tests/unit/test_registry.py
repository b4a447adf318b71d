import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from booking_lab.errors import InvalidOptions, UnknownStrategy
from booking_lab.runtime.strategy_registry import SHIPPED, Registry, StrategyInfo

A_STRATEGY = dedent(
    '''
    """Just does it. Really."""
    from dataclasses import dataclass
    from booking_lab import Attempt, Strategy

    @dataclass(frozen=True)
    class Mine(Strategy):
        patience: int = 3

        def book(self, attempt: Attempt) -> None:
            with attempt.transaction():
                attempt.write(attempt.decide(attempt.read()))
    '''
)


def test_a_file_is_enough(tmp_path):
    (tmp_path / "mine.py").write_text(A_STRATEGY)

    entry = Registry([SHIPPED, tmp_path]).get("mine")

    assert entry.summary == "Just does it. Really."
    assert entry.options[0]["name"] == "patience"
    assert entry.options[0]["default"] == 3
    assert entry.options_of(entry.create({"patience": 9})) == {"patience": 9}


def test_a_file_that_comes_later_is_found(tmp_path):
    registry = Registry([tmp_path])
    with pytest.raises(UnknownStrategy, match="no strategy 'mine'"):
        registry.get("mine")

    (tmp_path / "mine.py").write_text(A_STRATEGY)

    assert registry.get("mine").name == "mine"


def test_a_changed_file_is_read_again(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(A_STRATEGY)
    registry = Registry([tmp_path])

    file.write_text(A_STRATEGY.replace("Just does it", "Does it better"))
    os.utime(file, (1, 1))

    assert registry.get("mine").summary == "Does it better. Really."
    assert [entry.name for entry in registry.entries()] == ["mine"]


def test_a_change_within_the_same_second_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "mine.py"
    file.write_text(A_STRATEGY)
    os.utime(file, ns=(0, 1_000_000_000))
    registry = Registry([tmp_path])

    file.write_text(A_STRATEGY.replace("Just does it", "Well, did it"))
    os.utime(file, ns=(0, 1_500_000_000))

    assert registry.get("mine").summary == "Well, did it. Really."


@pytest.mark.parametrize("changed", [False, True])
def test_two_threads_that_meet_a_new_strategy_both_get_it(tmp_path, monkeypatch, changed):
    """The second one comes while the first is about to make an entry of what it has found."""
    file = tmp_path / "mine.py"
    if changed:
        file.write_text(A_STRATEGY)
    registry = Registry([tmp_path])
    found, second_is_done = threading.Event(), threading.Event()
    original = StrategyInfo.__init__

    def slowly(*arguments):
        found.set()
        second_is_done.wait(0.3)  # it is over when the second one is not kept waiting
        original(*arguments)

    def second():
        assert found.wait(20)
        try:
            return registry.get("mine")
        finally:
            second_is_done.set()

    monkeypatch.setattr(StrategyInfo, "__init__", slowly)
    file.write_text(A_STRATEGY.replace("Just does it", "Does it better"))
    os.utime(file, (1, 1))
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(registry.get, "mine"), threads.submit(second)]

    assert [one.result().summary for one in both] == ["Does it better. Really."] * 2


def test_a_file_that_goes_while_it_is_looked_at_is_none(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(A_STRATEGY)
    (tmp_path / "other.py").write_text(A_STRATEGY)
    look = Path.stat

    def gone(file, **options):
        if file.name == "other.py":
            raise FileNotFoundError(file)
        return look(file, **options)

    monkeypatch.setattr(Path, "stat", gone)

    assert [entry.name for entry in Registry([tmp_path]).entries()] == ["mine"]


def test_options_without_a_schema_are_reported_and_not_met_by_who_lists_them(tmp_path):
    text = A_STRATEGY.replace("patience: int = 3", "patience: Callable[[], int] = int")
    text = text.replace(
        "from dataclasses", "from collections.abc import Callable\nfrom dataclasses"
    )
    (tmp_path / "mine.py").write_text(text)

    registry = Registry([tmp_path])

    assert registry.entries() == []
    assert "PydanticInvalidForJsonSchema" in registry.load_failures()[0].reason


@pytest.mark.parametrize(
    "declared", ["needs = None", "allows = ['overlap']", "allows_under_faults = frozenset({3})"]
)
def test_what_it_says_of_itself_has_its_form(tmp_path, declared):
    """Everybody who lists strategies takes it at its word."""
    text = A_STRATEGY.replace("patience: int = 3", f"patience: int = 3\n    {declared}")
    (tmp_path / "mine.py").write_text(text)

    registry = Registry([tmp_path])

    assert registry.entries() == []
    assert (
        f"its {declared.partition(' ')[0]} is no frozenset of" in registry.load_failures()[0].reason
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nonexistent_module", "ModuleNotFoundError: No module named 'nonexistent_module'"),
        ("def broken(:", "SyntaxError"),
        ("", "it defines 0 strategies"),
        (A_STRATEGY + A_STRATEGY.replace("Mine", "Other"), "it defines 2 strategies"),
        (A_STRATEGY.replace("@dataclass(frozen=True)", ""), "Mine is no frozen dataclass"),
    ],
)
def test_a_broken_file_is_reported_and_the_others_work(tmp_path, text, reason):
    (tmp_path / "broken.py").write_text(text)
    (tmp_path / "mine.py").write_text(A_STRATEGY)

    registry = Registry([tmp_path])

    assert [entry.name for entry in registry.entries()] == ["mine"]
    [broken] = registry.load_failures()
    assert broken.file.endswith("broken.py")
    assert reason in broken.reason


def test_a_name_is_taken_once(tmp_path):
    (tmp_path / "pessimistic.py").write_text(A_STRATEGY)

    registry = Registry([SHIPPED, tmp_path])

    assert "Lock, read" in (registry.get("pessimistic").strategy_class.__doc__ or "")
    assert "the name pessimistic is taken" in registry.load_failures()[0].reason


def test_a_missing_folder_is_reported(tmp_path):
    registry = Registry([SHIPPED, tmp_path / "nowhere"])

    assert "it is no folder" in registry.load_failures()[0].reason
    assert registry.entries()


@pytest.mark.parametrize(
    "options",
    [{"attempts": wrong} for wrong in (1.7, True, "8", 0, None)] + [{"tries": 3}],
)
def test_options_are_held_to_their_kind(options):
    with pytest.raises(InvalidOptions, match="It takes: attempts, base, cap"):
        Registry([SHIPPED]).get("optimistic").create(options)
