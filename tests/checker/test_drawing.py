"""What a reader sees."""

from __future__ import annotations

from booking_lab.checker.drawing import draw
from booking_lab.checker.history_reader import HistoryReader
from booking_lab.checker.report import as_json, as_text
from booking_lab.workloads import Workloads

DOUBLE = """\
SOLD TWICE: seats 1, seats:1:A1
No order explains these 2 answers, whatever the other 1 there came to:
                   0                               100.0 ms
  ann: book A1     ├───────────────────┤                     confirmed, booking 7, line 2
  bob: book A1  ▸            ├────────────────────────────┤  confirmed, booking 7, line 4
  The longest order of confirmed ones ends after 1: next is bob's book of A1, and the state is A1 \
booked by ann

Verdict: wrong"""


def test_two_who_got_the_same_seat_are_drawn(written):
    written.book("A1", 0, 50, customer="ann")
    written.book("A1", 25, 100, customer="bob")
    written.book("A1", 30, 120, "refused", customer="cid")
    text = "\n".join(as_text(written.judged()))

    assert text.startswith(
        "Recorded: 3 operations by 1 worker within 0.1 s: 2 confirmed, 1 refused.\n"
        "Order: checked 3 answers in 1 group of anchors; 2 operations began while another one was "
    )
    assert text.endswith(DOUBLE)


def test_the_json_has_the_same(written):
    written.book("A1", 0, 50, customer="ann")
    bob = written.book("A1", 25, 100, customer="bob")
    told = as_json(written.judged())

    assert told["verdict"] == "wrong"
    assert told["overlapping"] == 1
    [problem] = told["problems"]
    assert problem["kind"] == "sold twice"
    assert problem["anchors"] == ["seats:1:A1"]
    assert [one["customer"] for one in problem["operations"]] == ["ann", "bob"]
    assert [one["line"] for one in problem["operations"]] == [2, 4]
    assert problem["stuck"] == str(bob)
    assert told["database"] == {"asked": False, "why": "there was no time"}


def test_many_are_drawn_without_those_in_the_middle(written):
    for number in range(40):
        written.book("A1", number, number + 1, customer=f"c{number}")
    [problem] = written.judged().problems
    assert len(problem.operations) == 2

    lines = draw(list(problem.operations) * 20)
    assert len(lines) == 26
    assert lines[13].strip() == "... 16 more ..."


def test_what_was_not_answered_and_what_took_no_time_are_drawn(written):
    written.book("A1", 0, None, customer="ann")
    written.book("A1", 50, 50, "refused", customer="bob")
    written.book("A1", 0, 100, customer="cid")
    lines = draw(HistoryReader(written.file, Workloads()).read().operations)
    assert lines[1].endswith("─  not answered, line 2")
    assert "│" in lines[2]
    assert "refused, saw: The seat is booked already. (line 3)" in lines[2]
