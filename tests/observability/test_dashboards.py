"""The dashboards as files: what Grafana would not say until somebody looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
