"""Reading histories, and refusing what is none with the line and the reason."""

from __future__ import annotations

import json

import pytest

from booking_lab.checker.history_reader import BadHistory, HistoryReader
from booking_lab.checker.operation import Effect
from booking_lab.workloads import Workloads


def read(file):
    return HistoryReader(file, Workloads()).read()


def test_answers_go_to_the_invocations_of_their_process(written):
    first = written.book("A1", 0, None, customer="ann")
    written.book("A2", 1, 5, "refused")
    written.answer(first, 9, "confirmed")
    ann, other = read(written.file).operations

    assert (ann.customer, ann.subject, ann.anchors) == ("ann", "A1", ("seats:1:A1",))
    assert (ann.invoked, ann.returned, ann.effect) == (0, 9_000_000, Effect.HAPPENED)
    assert (ann.outcome, ann.booking_id, ann.line) == ("confirmed", 7, 2)
    assert ann.id == first
    assert other.effect is Effect.REFUSED
    assert other.message == "The seat is booked already."


def test_an_invocation_without_an_answer_is_unknown_and_stays_open(written):
    written.book("A1", 0, None)
    written.book("A1", 0, 10, "unknown")
    for operation in read(written.file).operations:
        assert operation.effect is Effect.POSSIBLE
        assert operation.returned is None


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_file_that_ends_within_a_line_ends_before_it(written, cut):
    written.book("A1", 0, 10)
    written.file.write_bytes(written.file.read_bytes()[:-cut])
    history = read(written.file)

    # All that is missing may be the end of the line.
    assert history.truncated is (cut > 1)
    assert history.operations[0].effect is (Effect.POSSIBLE if cut > 1 else Effect.HAPPENED)


def invocation(written):
    written.book("A1", 0, None)
    lines = written.file.read_text().splitlines()
    written.file.write_text("".join(line + "\n" for line in lines[:-1]))
    return json.loads(lines[-1])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "ok"}, "which asked for nothing"),
        ({"type": "maybe"}, "nothing is known of type 'maybe'"),
        ({"type": None}, "nothing is known of type None"),
        ({"time": "now"}, "'now' is no time in nanoseconds"),
        ({"time": 1.5}, "1.5 is no time in nanoseconds"),
        ({"time": True}, "True is no time in nanoseconds"),
        ({"workload": "moon"}, "no kind of booking 'moon'.*BOOKING_LAB_WORKLOADS"),
        ({"value": {}}, "it is no request for seats: customer_id: Field required"),
        ({"value": {"customer_id": "c", "event_id": "x", "seats": ["A1"]}}, "event_id: .* integer"),
        ({"value": {"customer_id": "c", "event_id": 1}}, "seats: name the seats, or say how many"),
        ({"value": {"customer_id": "c", "event_id": 1, "moon": 1}}, "moon: Extra inputs"),
        ({"value": 7}, "it is no request for seats: value: Input should be"),
        ({"process": ...}, "it has no 'process'"),
        ({"strategy": ...}, "it has no 'strategy'"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_with_the_reason(written, change, reason):
    event = invocation(written) | change
    written.line(**{name: value for name, value in event.items() if value is not ...})
    with pytest.raises(BadHistory, match=f"history.jsonl, line 2: .*{reason}"):
        read(written.file)


@pytest.mark.parametrize(
    ("line", "reason"),
    [("{x", "this is no JSON"), ("[]", "this is no JSON object"), ("\x00", "this is no JSON")],
)
def test_so_is_a_line_that_is_no_json(written, line, reason):
    with written.file.open("a") as file:
        file.write(f"{line}\n")
    written.book("A1", 0, 10)
    with pytest.raises(BadHistory, match=f"line 2: {reason}"):
        read(written.file)


def test_so_are_an_answer_before_its_question_and_a_second_question(written):
    booking = written.book("A1", 5, None)
    written.answer(booking, 4, "confirmed")
    with pytest.raises(BadHistory, match="line 3: it was answered before it began"):
        read(written.file)


def test_one_process_asks_once_at_a_time(written):
    event = invocation(written)
    written.line(**event)
    written.line(**event)
    with pytest.raises(BadHistory, match=r"line 3: .* under way already"):
        read(written.file)


def test_what_was_chosen_has_to_be_told(written):
    chosen = written.book([], 0, None, best=1)
    written.answer(chosen, 1, "confirmed")
    with pytest.raises(BadHistory, match=r"line 3: .*nothing says what was chosen"):
        read(written.file)


def test_times_of_another_boot_cannot_be_compared(written):
    written.header(clock="another")
    with pytest.raises(BadHistory, match=r"line 2: .*another boot"):
        read(written.file)


def test_another_format_is_refused(written):
    written.header(format=2)
    with pytest.raises(BadHistory, match="line 2: it is of format 2; this reads format 1"):
        read(written.file)


@pytest.mark.parametrize("text", ["", '{"type":"invoke"}\n', "# README\n"])
def test_another_file_is_no_history(tmp_path, text):
    file = tmp_path / "other"
    file.write_text(text)
    with pytest.raises(BadHistory, match="line 1: "):
        read(file)


def test_a_worker_that_could_not_ask_for_its_database_takes_the_only_one(written):
    written.header(worker="1/2", database=None, fresh=None)
    written.book("A1", 0, 10)
    text = written.file.read_text().replace(
        '"worker": "1/1", "time": 0', '"worker": "1/2", "time": 0'
    )
    written.file.write_text(text)
    assert {one.database for one in read(written.file).operations} == {"d"}
