"""The matrix that README and the API show, beside what the explorer finds now."""

from collections import Counter

import pytest

from booking_lab.commands.matrix import surprises
from booking_lab.config import Settings
from booking_lab.explorer import matrix
from booking_lab.explorer.filling import fill
from booking_lab.explorer.matrix import Cell
from booking_lab.registry import SHIPPED, Registry
from tests.uncounted import starting_uncounted

#: Cells of more schedules take too long to be explored in a test.
MOST = 60


def test_what_is_kept_is_what_was_found(tmp_path):
    cells = [
        Cell(
            "a", "seats", "expiry", 7, 2, Counter({"double booking": 2}), "A:read", complete=False
        ),
        Cell("a", "seats", "", 3),
    ]
    matrix.save(cells, tmp_path / "matrix.json")
    assert matrix.load(tmp_path / "matrix.json") == [cells[1], cells[0]]


def test_no_strategy_shows_what_it_does_not_declare():
    registry = Registry([SHIPPED])
    assert [cell.key for cell in matrix.load() if surprises(registry, cell)] == []


@pytest.mark.timeout(300)
def test_exploring_again_gives_the_same_cells():
    shown = [cell for cell in matrix.load() if cell.schedules <= MOST]
    assert len({cell.strategy for cell in shown}) > 8
    assert any(cell.nemesis for cell in shown)

    with starting_uncounted():
        found = fill([Cell(*cell.key) for cell in shown], Settings())

    assert found == shown
