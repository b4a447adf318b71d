"""Follows strategies/README.md to the letter."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from booking_lab.core.attempt import Attempt
from booking_lab.runtime.strategy_registry import Registry

from .conftest import DocumentedLab
from .markdown import ROOT, Section, section, table
from .reader import check

FOLDER = ROOT / "strategies"
GUIDE = FOLDER / "README.md"


def own() -> Section:
    return section(GUIDE, "One of your own")


@pytest.mark.usefixtures("jq")
def test_the_strategy_of_the_guide_is_found_while_the_lab_runs_and_books_as_the_guide_says(
    three_instances: DocumentedLab,
) -> None:
    assert "Save this as `my-strategies/snapshot.py`" in own().prose
    assert three_instances.strategies
    (three_instances.strategies / "snapshot.py").write_text(own().of("python")[0].text)
    check(own(), three_instances, ROOT)


def test_the_guide_shows_the_strategies_as_they_are() -> None:
    # Each fragment of the first part is, but for comments, the body of a strategy that is here.
    shipped = [body_of_book(file.read_text()) for file in FOLDER.glob("[!_]*.py")]
    fragments = section(GUIDE, "From nothing").of("python")
    assert len(fragments) > 4
    for fragment in fragments:
        assert body_of_book(fragment.text) in shipped, f"line {fragment.line}"


def body_of_book(source: str) -> str:
    """The `with` statement of a strategy, in one spelling."""
    if source.startswith(" "):
        source = "if True:\n" + source
    return next(
        ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.With)
    )


def test_the_template_is_a_strategy_once_it_has_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").symlink_to(FOLDER / "_template.py")
    registry = Registry([tmp_path])
    assert registry.load_failures() == []
    assert [entry.name for entry in registry.entries()] == ["mine"]
    assert "_template" not in {entry.name for entry in Registry([FOLDER]).entries()}


def test_the_guide_lists_what_an_attempt_can_do() -> None:
    calls = {
        row[0].removeprefix("attempt.").partition("(")[0]
        for row in table(section(GUIDE, "What an attempt can do").prose, "Call")
    }
    public = {name for name in vars(Attempt) if not name.startswith("_")} | {"number"}
    # These are for the engine and for the attempt itself.
    assert calls == public - {"step", "check_committed", "check_outcome_known", "close"}
