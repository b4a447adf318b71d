"""The fault run itself: a short one is content, and it sees what would be wrong."""

import pytest

from tests.fault_run import __main__ as fault_run
from tests.fault_run.customers import Stands, Told
from tests.fault_run.opinion import declared
from tests.fault_run.strikes import Strike


def test_a_short_run_finds_nothing_wrong(capsys):
    two = ("pessimistic", "fenced")
    assert fault_run.run(20, 2, "session", strategies=two, freeze=1) == []
    assert "booking-lab check: exit code 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "seconds", "faults", "slow"),
    [
        ("503", 1, 0, 0),
        ("500", 1, 1, 0),
        ("422", 1, 1, 0),
        ("201", 9, 0, 1),
        ("TimeoutError", 9, 0, 1),
    ],
)
def test_what_no_fault_explains_is_taken_down(status, seconds, faults, slow):
    told = Told(limit=5)
    told.note("none on seats: POST", status, seconds, "", "")
    assert (len(told.faults), len(told.slow)) == (faults, slow)


def test_what_customers_were_told_is_held_against_the_bookings(live_lab, capsys):
    told = Told(limit=5)
    for number, stands in enumerate(Stands):
        told.stands[f"00000000-0000-0000-0000-00000000000{number}"] = stands
    wrong = fault_run.disagreements(live_lab, told)
    assert wrong == [
        "booking 00000000-0000-0000-0000-000000000000 was told to be confirmed, and is not"
    ]


def test_a_fault_that_strikes_nothing_is_none(live_lab):
    told = Told(limit=5)
    told.ask()
    nothing = Strike("nothing", lambda _: "")
    assert fault_run.struck(live_lab, nothing, told, [], 0) == [
        "nothing: it has struck nothing",
        "nothing: nobody could book",
        "nothing: no customer has felt it",
    ]


@pytest.mark.parametrize(
    ("kind", "strategy", "allowed"),
    [
        ("refused while free", "reserve", True),
        ("refused while free", "pessimistic", False),
        ("sold twice", "reserve", False),
    ],
)
def test_strategies_may_do_under_faults_what_they_say_alone(kind, strategy, allowed):
    operations = [{"process": "a", "strategy": "none"}, {"process": "b", "strategy": strategy}]
    problem = {"kind": kind, "operations": operations, "stuck": "b"}
    assert declared(problem) is allowed
