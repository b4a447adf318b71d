"""``/admin/strategies``: promises, options and needs of the strategies, and the matrix."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from typing import Any

from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from booking_lab.core.verdict import Verdict
from booking_lab.runtime.strategy_registry import StrategyInfo
from booking_lab.web.http.context import lab
from booking_lab.web.http.problems import documented_problems

log = logging.getLogger(__name__)

strategy_routes = APIBlueprint(
    "strategies", __name__, url_prefix="/admin", abp_tags=[Tag(name="admin")]
)

#: The file that `booking-lab matrix --write` writes. It may be missing.
_MATRIX = "explorer/matrix/matrix.json"

Matrix = Mapping[str, Mapping[str, list[dict[str, Any]]]]


class Suitability(BaseModel):
    """Whether a kind can be booked under a strategy; ``why`` is the reason if it can't."""

    bookable: bool
    why: str


class MatrixEntry(BaseModel):
    """The explorer's result for one strategy and kind, with one ``nemesis`` or none.

    ``schedules`` were run, and ``bad`` of them ended with an anomaly; ``schedule`` is the shortest
    bad one. ``complete`` is true if all possible schedules were run.
    """

    nemesis: str
    verdict: Verdict
    schedules: int
    bad: int
    anomalies: dict[str, int]
    schedule: str
    complete: bool


class StrategyEntry(BaseModel):
    """A strategy: its description, its options, its promises and its needs.

    ``broken`` is true for a strategy that is wrong on purpose.
    """

    name: str
    summary: str
    description: str
    source: str
    options: list[dict[str, Any]]
    allows: list[str]
    allows_under_faults: list[str]
    needs: list[str]
    serialises: str
    broken: bool
    kinds: dict[str, Suitability]
    matrix: dict[str, list[MatrixEntry]]


class BrokenFile(BaseModel):
    """A file that can't be loaded, and the reason."""

    file: str
    reason: str


class StrategyList(BaseModel):
    """All strategies, and the files that can't be loaded."""

    strategies: list[StrategyEntry]
    broken: list[BrokenFile]


@strategy_routes.get("/strategies", responses={200: StrategyList, **documented_problems(401, 503)})
def list_strategies() -> dict[str, Any]:
    """All strategies, and the files that can't be loaded."""
    registry, matrix = lab().registry, _matrix()
    return {
        "strategies": [_entry(entry, matrix) for entry in registry.entries()],
        "broken": [asdict(broken) for broken in registry.load_failures()],
    }


def _entry(entry: StrategyInfo, matrix: Matrix) -> dict[str, Any]:
    return {
        "name": entry.name,
        "summary": entry.summary,
        "description": entry.description,
        "source": lab().registry.source(entry.name),
        "options": entry.options,
        "allows": sorted(entry.strategy_class.allows),
        "allows_under_faults": sorted(entry.strategy_class.allows_under_faults),
        "needs": sorted(entry.strategy_class.needs),
        "serialises": entry.strategy_class.serialises,
        "broken": entry.strategy_class.broken,
        "kinds": _kinds(entry),
        "matrix": matrix.get(entry.name, {}),
    }


def _kinds(entry: StrategyInfo) -> dict[str, Any]:
    found = {}
    for workload in lab().workloads:
        why = lab().engine.why_unsuitable(workload, entry.strategy_class)
        found[workload.name] = {"bookable": not why, "why": why}
    return found


def _matrix() -> Matrix:
    """Return the entries of the matrix by strategy and kind; empty if the file can't be read."""
    table = resources.files("booking_lab") / _MATRIX
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    try:
        for cell in json.loads(table.read_text())["cells"]:
            shown = {name: cell[name] for name in MatrixEntry.model_fields}
            found[cell["strategy"]][cell["workload"]].append(shown)
    except FileNotFoundError:
        return {}
    except (KeyError, TypeError, ValueError) as error:  # incomplete, or of another version
        log.error("%s can't be read: %r", table, error)
        return {}
    return found
