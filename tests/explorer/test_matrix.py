"""The matrix that README and the API show, beside what the explorer finds now."""

from collections import Counter

import pytest

from booking_lab.cli.matrix import undeclared_anomalies
from booking_lab.config import Settings
from booking_lab.explorer.matrix import matrix
from booking_lab.explorer.matrix.matrix import MatrixCell
from booking_lab.explorer.matrix.runner import explore_all
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from tests.uncounted import starting_uncounted

#: More cells take too long to be explored in a test: each strategy's smallest, of so many.
MOST = 6


def test_what_is_kept_is_what_was_found(tmp_path):
    cells = [
        MatrixCell(
            "a", "seats", "expiry", 7, 2, Counter({"double booking": 2}), "A:read", complete=False
        ),
        MatrixCell("a", "seats", "", 3),
    ]
    matrix.save(cells, tmp_path / "matrix.json")
    assert matrix.load(tmp_path / "matrix.json") == [cells[1], cells[0]]


def test_no_strategy_shows_what_it_does_not_declare():
    registry = Registry([SHIPPED])
    assert [cell.key for cell in matrix.load() if undeclared_anomalies(registry, cell)] == []


@pytest.mark.timeout(600)
def test_exploring_again_gives_the_same_cells():
    smallest = {}
    for cell in sorted(matrix.load(), key=lambda cell: cell.schedules):
        smallest.setdefault(cell.strategy, cell)
    shown = list(smallest.values())[:MOST]

    with starting_uncounted():
        found = explore_all([MatrixCell(*cell.key) for cell in shown], Settings())

    assert found == shown


def test_the_matrix_rests_on_the_code_as_it_is():
    rests_on, _ = matrix.provenance()

    assert rests_on == matrix.digest(), "run `make matrix`"


def test_another_text_of_what_it_rests_on_is_another_digest(tmp_path, monkeypatch):
    package = tmp_path / "booking_lab"
    for name in ("core", "workloads/seats"):
        (package / name).mkdir(parents=True)
    strategies = tmp_path / "strategies"
    strategies.mkdir()
    files = [
        package / "core" / "attempt.py",
        package / "workloads" / "seats" / "0001_tables.sql",
        package / "engine.py",
        strategies / "atomic.py",
    ]
    for file in files:
        file.write_text("one")
    monkeypatch.setattr(matrix, "_PACKAGE", package)
    monkeypatch.setattr(matrix, "SHIPPED", strategies)
    monkeypatch.setattr(matrix, "_RESTS_ON", ("core", "workloads", "engine.py"))
    digests = [matrix.digest()]

    for file in files:
        file.write_text("two")
        digests.append(matrix.digest())
    (package / "core" / "notes.md").write_text("about it")
    assert matrix.digest() == digests[-1]
    files[0].rename(package / "core" / "another.py")
    digests.append(matrix.digest())

    assert len(set(digests)) == len(digests)
