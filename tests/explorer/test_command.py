"""`booking-lab explore`, as a user types it."""

import json
import re
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from booking_lab.cli import explore as command
from booking_lab.cli.main import main

SHORTEST = "A:read B:read B:write B:commit A:write A:commit"
#: A booker waits for the other one's row lock.
WAITING = "A:acquire B:acquire"
#: A strategy without protection.
STRATEGY = """
from dataclasses import dataclass
from booking_lab import Anomaly, Attempt, Strategy

{before}
@dataclass(frozen=True)
class Own(Strategy):
    {promise}

    def book(self, attempt: Attempt) -> None:
        with attempt.transaction():
            {book}
            attempt.write(attempt.decide(attempt.read()))
"""
ALL = "frozenset(Anomaly)"


@pytest.fixture
def explored(exploration_servers, monkeypatch):
    """Run the command on the servers of the test; return what it has printed."""

    @contextmanager
    def servers(_settings, _progress):
        yield exploration_servers

    monkeypatch.setattr(command, "own_servers", servers)

    def run(*arguments, strategy="none", workload="seats", code=0):
        given = ["--strategy", strategy, "--workload", workload, *map(str, arguments)]
        result = CliRunner().invoke(main, ["explore", *given])
        assert result.exit_code == code, result.output
        return result.stdout if code != 2 and result.stdout else result.output

    return run


@pytest.fixture
def own_strategies(tmp_path, monkeypatch):
    """Take strategies of a folder as well; returns what writes one there."""
    monkeypatch.setenv("BOOKING_LAB_STRATEGIES", str(tmp_path))

    def write(name, promise="", book="pass", before=""):
        text = STRATEGY.format(promise=promise, book=book, before=before)
        (tmp_path / f"{name}.py").write_text(text)

    return write


def untimed(printed):
    """Leave out what is another one in every run."""
    return re.sub(r" \([\d.]+ s, \d+ a second\)", "", printed)


# --- what is found -------------------------------------------------------------------------------


def test_all_schedules_are_counted_and_the_shortest_bad_one_is_drawn(explored):
    printed = explored()

    assert "none on seats, one seat: 2 bookers, each in a process of its own." in printed
    assert re.search(
        r"^7 schedules in all, standing for 14 \([\d.]+ s, \d+ a second\)\.$", printed, re.M
    )
    assert "Bad: 6 of 7; double booking in 6, lost update in 6.\n" in printed
    assert "Answers: 13 confirmed, 1 refused.\n" in printed
    assert "As none declares: it allows double booking, lost update.\n" in printed
    assert "Wrong: double booking: S1: confirmed to B, A\n" in printed
    assert printed.endswith(f"\nIts address, for --schedule:\n{SHORTEST}\n")


def test_two_runs_print_the_same(explored):
    for strategy, more in (("none", ()), ("distributed", ("--nemesis", "expiry"))):
        arguments = (*more, "--preemptions", 1)
        first = untimed(explored(*arguments, strategy=strategy))

        assert "Its address" in first
        assert untimed(explored(*arguments, strategy=strategy)) == first


def test_without_a_bad_one_nothing_is_drawn(explored):
    printed = explored(strategy="pessimistic")

    assert "4 schedules in all, standing for 8" in printed
    assert "Bad: none.\n" in printed
    assert "Its address" not in printed


def test_a_strategy_that_breaks_its_word_fails(explored, own_strategies):
    own_strategies("liar", promise="allows = frozenset({Anomaly.LOST_UPDATE})")

    printed = explored(strategy="liar", code=4)

    assert "BROKEN PROMISE: liar does not allow double booking.\n" in printed


def test_a_strategy_of_the_shelf_is_caught_and_said_to_be_broken(explored):
    printed = explored("--preemptions", 1, strategy="locked_after_read", code=4)

    assert printed.startswith("locked_after_read (broken on purpose) on seats, one seat:")
    assert "BROKEN PROMISE: locked_after_read does not allow double booking and" in printed


def test_what_is_allowed_under_faults_alone_needs_a_fault(explored, own_strategies):
    own_strategies("optimist", promise=f"allows_under_faults = {ALL}")

    assert "BROKEN PROMISE" in explored(strategy="optimist", code=4)
    assert "As optimist declares" in explored("--nemesis", "death", strategy="optimist")


def test_code_that_fails_fails(explored, own_strategies):
    own_strategies("bug", book="raise ValueError('so it is')")

    printed = explored(strategy="bug", code=4)

    assert "Bad: none.\n" in printed
    assert "AT FAULT: its own code failed in " in printed
    assert "Verdict: wrong\n" in printed
    assert "The shortest one in which its code failed:" in printed
    assert "ValueError('so it is')" in " ".join(printed.split())


def test_one_booker_alone_puts_nothing_to_the_test(explored):
    assert "Verdict: inconclusive\n" in explored("--bookers", 1)
    assert "Verdict: safe\n" in explored("--bookers", 1, "--nemesis", "death")


def test_a_schedule_without_an_end_fails_and_is_no_verdict(explored, own_strategies):
    own_strategies("tireless", book="while True: attempt.read()")

    printed = explored(strategy="tireless", code=1)

    assert "A schedule of tireless does not end: after 2,000 moves" in " ".join(printed.split())
    assert "Bad:" not in printed


def test_fewer_schedules_can_be_asked_for(explored):
    assert "1 schedule with at most 0 preemptions, standing for 2" in explored("--preemptions", 0)
    assert "2 schedules with at most 0 preemptions (" in explored("--preemptions", 0, "--full")
    drawn = [untimed(explored("--random", 5, "--seed", seed)) for seed in (7, 7, 8)]
    assert "5 schedules drawn at random, seed 7, standing for 10" in drawn[0]
    assert drawn[0] == drawn[1]
    assert drawn[2] != drawn[0]


def test_options_bookers_workers_and_scenarios_are_heeded(explored):
    assert "Deadlocks: in " in explored(
        "--scenario", "basket", "--option", "in_order=false", strategy="pessimistic"
    )
    assert "1 conflict" in explored(
        "--option",
        "attempts=1",
        "--schedule",
        "A:read B:read A:read B:read A:write A:write A:commit",
        strategy="optimistic",
    )
    one, two = (
        explored("--workers", many, "--preemptions", 1, strategy="mutex") for many in (1, 2)
    )
    assert "2 bookers, all in one process." in one
    assert "Bad: none." in one
    assert "Bad: none." not in two
    three = explored("--bookers", 3, "--preemptions", 0, strategy="pessimistic")
    assert "1 schedule with at most 0 preemptions, standing for 6" in three
    assert "Answers: 1 confirmed, 2 refused." in three


# --- the drawing ---------------------------------------------------------------------------------


def test_the_drawing_shows_who_waits_and_who_goes_on(explored):
    lines = explored("--schedule", WAITING, strategy="pessimistic").splitlines()

    assert any(line.rstrip().endswith("-- waits for A") for line in lines)
    goes_on = next(line for line in lines if "acquire goes on" in line)
    assert goes_on.startswith(" 5  commit ")  # in the row of A's move
    assert "-> refused: Seat S1 is booked" in "\n".join(lines)


def test_the_drawing_shows_locks_and_the_world(explored):
    printed = explored("--nemesis", "expiry", "--preemptions", 1, strategy="distributed")

    assert "lock seats:1001:S1\n" in printed
    assert "unlock seats:1001:S1\n" in printed
    assert re.search(r"^  3 +A's lock expires$", printed, re.M)
    assert "-> no longer its lock" in printed


@pytest.mark.parametrize("columns", ["80", "100", "200"])
def test_the_drawing_fits(explored, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    for bookers in (2, 5):
        lines = explored("--bookers", bookers, "--random", 1).splitlines()
        assert "Its address, for --schedule:" in lines

        del lines[-1]  # the address is one line, however long
        assert max(map(len, lines)) <= int(columns)
        assert not [line for line in lines if line != line.rstrip()]


# --- replaying -----------------------------------------------------------------------------------


def test_a_schedule_is_replayed_ten_times_the_same(explored):
    table = explored().split("The shortest bad one:")[1]

    printed = explored("--schedule", SHORTEST, "--repeat", 10)

    assert "Replayed 10 times, the same each time" in printed
    assert "Bad: 10 of 10;" in printed
    assert printed.split("The schedule:")[1] == table


def test_a_replay_needs_no_word_of_the_nemesis_in_it(explored):
    printed = explored("--schedule", "A:acquire A:read expiry:A", strategy="distributed")

    assert "what can go wrong: expiry." in printed.replace("\n", " ")
    assert "A's lock expires" in printed


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ("A:read B:commit", "B:commit is not possible there; possible moves are: A:write B:read."),
        (f"{SHORTEST} A:read", "After 6 moves all bookers had ended, and 'A:read'"),
    ],
)
def test_what_can_not_be_followed_diverges(explored, schedule, says):
    assert says in explored("--schedule", schedule, code=1)


def test_a_run_that_is_not_like_the_first_diverges(explored, own_strategies):
    # What stands outside of its module stays from one schedule to the next.
    own_strategies(
        "moody",
        before="import os; os.seen_here = getattr(os, 'seen_here', [])",
        book="os.seen_here.append(1); len(os.seen_here) > 4 and attempt.token()",
    )

    printed = explored("--schedule", "A:begin A:read", "--repeat", 10, strategy="moody", code=1)

    assert "Run 3 differs from the first run at move 2, A:read." in printed


def test_a_run_as_long_as_the_first_is_not_the_same_for_that(explored, own_strategies):
    own_strategies(
        "fickle",
        before="import os; os.runs_here = getattr(os, 'runs_here', [])",
        book="os.runs_here.append(1); attempt.statement("
        "'read', 'own', f'SELECT {len(os.runs_here) > 4}')",
    )

    printed = explored("--schedule", "A:begin A:read", "--repeat", 10, strategy="fickle", code=1)

    assert "Run 3 differs from the first run at move 2, A:read." in printed


# --- JSON ----------------------------------------------------------------------------------------

KEYS = [
    "plan", "schedules", "stands_for", "bad", "bad_stand_for", "anomalies", "outcomes",
    "deadlocks", "serialised", "complete", "interrupted", "verdict", "promise", "shown", "seconds",
]  # fmt: skip


def test_json_says_everything(explored):
    found = json.loads(explored("--nemesis", "expiry,death", "--json", strategy="pessimistic"))

    assert list(found) == KEYS
    assert found["plan"] == {
        "strategy": "pessimistic",
        "options": {"in_order": True},
        "beside": None,
        "workload": "seats",
        "scenario": "one seat",
        "bookers": {"A": "event_id 1001, seats [S1]", "B": "event_id 1001, seats [S1]"},
        "workers": 2,
        "nemeses": ["expiry", "death"],
        "way": {
            "preemptions": None, "random": None, "seed": None, "schedule": None, "repeat": 1,
            "full": False,
        },
    }  # fmt: skip
    assert (found["bad"], found["complete"], found["interrupted"]) == (0, True, False)
    assert found["outcomes"].keys() == {"confirmed", "died", "refused"}
    assert found["verdict"] == "safe"
    assert found["promise"] == {"kept": True, "allowed": [], "broken": [], "faults": 0}
    assert found["shown"] is None


def test_json_has_the_schedule_with_its_statements_and_rows(explored):
    shown = json.loads(explored("--json"))["shown"]

    assert list(shown) == ["schedule", "anomalies", "events", "endings", "findings"]
    assert shown["schedule"] == SHORTEST
    first = shown["events"][0]
    assert (first["number"], first["actor"], first["what"], first["detail"]) == (
        1,
        "A",
        "read",
        "state",
    )
    assert first["saw"] == ["S1 free"]
    assert [one["decision"] for one in first["decided"]] == ["take S1"]
    [message] = first["messages"]
    assert message["statement"].startswith("BEGIN;")
    assert message["parameters"]["event_id"] == 1001
    assert "event_id = 1001" in message["filled"]
    assert message["rows"] == [["S1", None, None]]
    assert shown["endings"]["A"]["outcome"] == "confirmed"
    assert {one["anomaly"] for one in shown["findings"]} == set(shown["anomalies"])


def test_json_has_waits_and_messages_to_redis(explored):
    events = json.loads(explored("--schedule", WAITING, "--json", strategy="pessimistic"))["shown"][
        "events"
    ]
    assert (events[1]["waits_for"], events[1]["until"]) == (["A"], 5)

    events = json.loads(explored("--schedule", "A:acquire", "--json", strategy="distributed"))[
        "shown"
    ]["events"]
    [message] = events[0]["messages"]
    assert message["server"] == "redis"
    assert message["parameters"]["KEYS[1]"] == "booking-lab:lock:seats:1001:S1"
    assert message["parameters"]["ARGV[1]"] == "token"  # not the token: that is never the same
    assert message["rows"] == [[1]]


# --- what is of no use ---------------------------------------------------------------------------


@pytest.fixture
def refused(monkeypatch):
    """Run the command; return why it would not, before anything was started."""

    def servers(*_arguments):
        raise AssertionError("servers were started")

    monkeypatch.setattr(command, "own_servers", servers)

    def run(*arguments, strategy="none", workload="seats"):
        given = ["--strategy", strategy, "--workload", workload, *map(str, arguments)]
        result = CliRunner().invoke(main, ["explore", *given])
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        return result.stderr.splitlines()

    return run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "sofa"], "Workload seats has no scenario 'sofa'; its scenarios are: one"),
        (["--nemesis", "quake"], "There is no nemesis 'quake'; the nemeses are: expiry, flush,"),
        (["--option", "attempts"], "--option attempts: write name=value"),
        (["--option", "a=1", "--option", "a=2"], "--option a is given twice."),
        (["--option", "a=1"], "Strategy none, option a: Unexpected keyword argument."),
        (["--workers", 3], "2 bookers can't use 3 workers; use 2 at most."),
        (["--random", 1, "--schedule", "A:read"], "--random and --schedule exclude each other"),
        (["--random", 1, "--preemptions", 1], "--preemptions and --random exclude each other"),
        (["--seed", 1], "--seed needs --random;"),
        (["--repeat", 2], "--repeat needs --schedule;"),
        (["--schedule", "A-read"], "'A-read' is not a move; write actor:step"),
        (
            ["--schedule", ""],
            "This is not a schedule; write it like 'A:read B:read A:write A:commit'.",
        ),
        (["--schedule", "C:read"], "C:read: there is no C among 2 bookers; use --bookers 3."),
        (["--schedule", "X:read"], "X:read: there is no X among 2 bookers; there can be"),
        (["--schedule", "A:sing"], "A:sing: there is no such move; the moves of A are: acquire, "),
        (["--schedule", "quake:A"], "quake:A: quake is neither a booker nor a nemesis;"),
        (
            ["--schedule", "expiry:C"],
            "expiry:C: there is no such move; the moves of expiry are: A, B",
        ),
        (
            ["--html", "/nowhere/page.html"],
            "--html /nowhere/page.html: the folder /nowhere can't be",
        ),
    ],
)
def test_what_is_of_no_use_is_said_in_one_line(refused, arguments, says):
    [line] = refused(*arguments)

    assert line.startswith(f"Error: {says}")


def test_what_is_not_there_or_not_suitable_is_refused(refused):
    assert "There is no strategy 'nope'; there are: advisory," in refused(strategy="nope")[0]
    assert "There is no kind of booking 'sofas'; there are: seats" in refused(workload="sofas")[0]
    assert (
        "there is nothing to choose among" in refused(strategy="skip_locked", workload="tickets")[0]
    )


def test_a_file_that_holds_no_strategy_is_named(refused, own_strategies, tmp_path):
    (tmp_path / "torn.py").write_text("import nowhere")

    [line] = refused(strategy="torn")

    assert line.startswith(f"Error: {tmp_path}/torn.py can't be loaded: ModuleNotFoundError")


@pytest.mark.parametrize("many", [0, 6])
def test_the_number_of_bookers_is_bounded(refused, many):
    assert "is not in the range 1<=x<=5" in refused("--bookers", many)[-1]
