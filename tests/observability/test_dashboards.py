"""The dashboards as files: what Grafana would not say until somebody looks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from booking_lab.core.booking import Outcome
from booking_lab.runtime.strategy_registry import SHIPPED, Registry

from .queries import DASHBOARDS


def boards() -> list[Any]:
    return [pytest.param(json.loads(path.read_text()), id=path.stem) for path in DASHBOARDS]


def test_there_are_two_and_grafana_finds_each_by_its_uid() -> None:
    uids = {json.loads(path.read_text())["uid"] for path in DASHBOARDS}
    assert uids == {"booking-lab-strategies", "booking-lab-service"}


@pytest.mark.parametrize("board", boards())
def test_each_panel_says_what_it_shows_and_in_which_unit(board: dict[str, Any]) -> None:
    assert "id" not in board, "an id of one Grafana is another's collision"
    for panel in board["panels"]:
        if panel["type"] != "row":
            assert panel["title"]
            assert panel["description"].endswith("."), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            sources = [panel["datasource"], *(t["datasource"] for t in panel["targets"])]
            assert all(s == {"type": "prometheus", "uid": "prometheus"} for s in sources)


@pytest.mark.parametrize("board", boards())
def test_no_panel_lies_on_another_and_none_has_anothers_id(board: dict[str, Any]) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def test_links_lead_to_dashboards_that_exist() -> None:
    loaded = [json.loads(Path(path).read_text()) for path in DASHBOARDS]
    known = {f"/d/{board['uid']}" for board in loaded}
    linked = {link["url"] for board in loaded for link in board["links"]}
    assert {url for url in linked if url.startswith("/d/")} == known


def test_each_strategy_has_a_colour_of_its_own_on_every_panel_that_names_it() -> None:
    strategies = [entry.name for entry in Registry([SHIPPED]).entries()]
    seen = 0
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            legends = [target["legendFormat"] for target in panel.get("targets", [])]
            if not any("{{strategy}}" in legend for legend in legends):
                continue
            if panel["type"] == "state-timeline":  # a row for each, with its name beside it
                continue
            seen += 1
            colours = {
                name: colour_of(panel, legends[0].replace("{{strategy}}", name))
                for name in strategies
            }
            assert None not in colours.values(), (panel["title"], colours)
            assert len(set(colours.values())) == len(strategies), panel["title"]
            # Those of others are the same on each panel as well.
            assert panel["fieldConfig"]["defaults"]["color"]["mode"] == "palette-classic-by-name"
    assert seen >= 7


def colour_of(panel: dict[str, Any], legend: str) -> str | None:
    """The colour of a line; of two that fit, the later counts."""
    found = None
    for override in panel["fieldConfig"]["overrides"]:
        if re.search(override["matcher"]["options"].strip("/"), legend):
            for one in override["properties"]:
                if one["id"] == "color":
                    found = one["value"]["fixedColor"]
    return found


def test_every_outcome_has_its_column() -> None:
    [board] = [json.loads(path.read_text()) for path in DASHBOARDS if path.stem == "strategies"]
    [table] = [panel for panel in board["panels"] if panel["type"] == "table"]
    expressions = " ".join(target["expr"] for target in table["targets"])
    assert [o for o in Outcome if f'status="{o.value}"' not in expressions] == []
    organized = table["transformations"][1]["options"]["renameByName"]
    assert len(organized) == len(table["targets"]) + 1


def test_what_is_counted_has_no_fraction() -> None:
    counts = ("bookings_total", "double_bookings", "available", "workers", "epoch", "db_pool")
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            expressions = [target["expr"] for target in panel.get("targets", [])]
            whole = [e for e in expressions if "rate(" not in e and any(c in e for c in counts)]
            if whole and panel["fieldConfig"]["defaults"]["unit"] == "short":
                assert panel["fieldConfig"]["defaults"]["decimals"] == 0, panel["title"]
