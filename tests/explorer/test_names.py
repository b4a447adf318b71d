"""What a step is called decides nothing: a strategy's own step is one, whatever its text."""

import ast

import pytest

from booking_lab.core.step import StepName
from booking_lab.explorer.output.snapshots import snapshots
from booking_lab.explorer.output.timeline import timeline
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse
from booking_lab.workloads import Workloads
from tests.docs.markdown import ROOT

WRITE = "with attempt.transaction(): book()"


@pytest.mark.parametrize("why", ["back-off", "a rest"])
def test_a_pause_of_its_own_is_a_place_to_stop_whatever_it_is_called(own, why):
    alone = own(WRITE, bookers=1)
    pausing = own(f"attempt.pause(1, {why!r})\n{WRITE}", bookers=1)

    steps = [str(move) for move in alone.last.schedule]
    # Nobody else is there, so it is time that moves it on.
    assert [str(move) for move in pausing.last.schedule] == ["time:passes", *steps]


def test_a_step_of_its_own_is_told_by_what_it_does_and_not_by_its_text(own):
    body = """
        with attempt.transaction():
            send("7, 8", StepKind.WRITE)
            book()
    """
    tales = []
    for text in ("own", *StepName):
        send = f'attempt.statement(StepKind.WRITE, {str(text)!r}, "SELECT 7, 8", {{}})'
        schedule_run = own(body.replace('send("7, 8", StepKind.WRITE)', send), bookers=1).last
        drawn = timeline(schedule_run, Workloads().get("seats").scenarios(1)[0])
        lines = [line.text for line in drawn.rows[0].cells["A"]]
        assert lines[0] == f"write: {text}"
        tales.append((lines[1:], [one["A"].holds for one in snapshots(schedule_run, drawn)]))

    assert tales == [tales[0]] * len(tales)
    assert tales[0][0][-1] == "(7, 8)"


def test_counters_in_redis_are_not_told_as_locks(run):
    schedule_run = run("reserve", search=ReplaySearch(parse("A:acquire"))).last
    drawn = timeline(schedule_run, Workloads().get("seats").scenarios(2)[0])

    said = [[line.text for line in row.cells.get("A", [])] for row in drawn.rows]
    taken = ["acquire: reservation", "reserve", "reserved"]
    assert said[0] == [*taken[:2], "nothing is counted yet"]
    assert taken in said
    assert ["release: reservation", "resolve the reservation"] in said
    refused = [line.text for row in drawn.rows for line in row.cells.get("B", [])]
    assert "not enough is left" in refused
    assert {holds for one in snapshots(schedule_run, drawn) for holds in one["A"].holds} == {
        "an open transaction",
        "the rows it has written",
    }


#: Texts for readers: of a step, a finding, an error, an answer.
TEXTS = {"detail", "message", "note"}
#: What asks a text for a part of it.
ASKS = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition",
        "replace", "split", "find", "index", "count"}  # fmt: skip


def test_no_code_decides_by_a_text_for_readers():
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for file in (ROOT / "booking_lab").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if _decides(node)
    ]
    assert found == []


def _decides(node):
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(map(_is_text, sides)) and any(map(_is_literal, sides))
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return called and node.func.attr in ASKS and _is_text(node.func.value)


def _is_text(node):
    return isinstance(node, ast.Attribute) and node.attr in TEXTS


def _is_literal(node):
    """Whether it is a text that stands there, or a name in capitals for some."""
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(_is_literal, node.elts))
    constant = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    return bool(constant) or (isinstance(node, ast.Name) and node.id.isupper())
