"""How a schedule that was run is told: as a table, and where each booker stands in between."""

import pytest

from booking_lab.explorer.output.snapshots import snapshots
from booking_lab.explorer.output.timeline import timeline
from booking_lab.explorer.search.replay import ReplaySearch
from booking_lab.explorer.search.schedule import parse
from booking_lab.workloads import Workloads


@pytest.fixture
def replayed(run):
    """Run one schedule; return its table, and where everybody stands after each move."""

    def replay(schedule, strategy, **plan):
        seats = Workloads().get("seats")
        scenario = seats.scenarios(2)[plan.get("scenario", 0)]
        schedule_run = run(strategy, search=ReplaySearch(parse(schedule)), **plan).last
        drawn = timeline(schedule_run, scenario)
        return drawn, list(snapshots(schedule_run, drawn))

    return replay


def texts(drawn, number, column):
    return [line.text for line in drawn.rows[number - 1].cells.get(column, [])]


def test_a_cell_says_what_was_sent_and_what_came_back(replayed):
    drawn, _ = replayed("A:read A:read A:write A:write A:commit", "optimistic")

    assert drawn.columns == ["A", "B"]
    assert drawn.wishes["A"] == "event_id 1001, seats [S1]"
    assert texts(drawn, 1, "A")[0] == "read: version"
    assert texts(drawn, 1, "A")[1].startswith("BEGIN; SELECT version FROM seats WHERE")
    assert texts(drawn, 1, "A")[2:] == ["version 1"]
    assert texts(drawn, 2, "A")[2:] == ["S1 free", "decides: take S1"]
    assert texts(drawn, 3, "A")[2:] == ["1 row"]
    assert texts(drawn, 4, "A") == [
        "write: booking",
        "UPDATE seats SET is_booked = true, booked_by = 'A', ... WHERE event_id = 1001 "
        "AND seat_number = 'S1' AND generation <= 1; INSERT INTO bookings",
    ]
    assert "WITH seat AS (" in drawn.rows[3].cells["A"][1].full
    assert texts(drawn, 5, "A") == ["commit"]
    assert drawn.endings == {"A": "confirmed", "B": "refused: Seat S1 is booked already."}


def test_who_waits_gets_the_answer_in_the_row_of_the_move_that_brings_it(replayed):
    drawn, after = replayed("A:acquire B:acquire A:read A:write A:commit", "pessimistic")

    assert texts(drawn, 2, "B")[-1] == "waits for A"
    assert texts(drawn, 5, "B") == ["acquire goes on", "locked"]
    assert after[1]["A"].holds == ("an open transaction", "row lock")
    assert after[4]["A"].holds == ("an open transaction", "row lock", "the rows it has written")
    assert after[2]["B"].stands == after[4]["B"].stands == "waits for A"
    assert after[4]["B"].holds == ()
    assert (after[5]["A"].stands, after[5]["A"].holds) == ("confirmed", ())
    assert after[5]["B"].stands == "before its read"
    assert after[5]["B"].holds == ("an open transaction", "row lock")


def test_what_postgresql_says_is_told_in_its_words(replayed):
    drawn, _ = replayed("A:acquire B:acquire", "nowait")
    assert texts(drawn, 2, "B")[-1] == 'could not obtain lock on row in relation "seats"'

    drawn, _ = replayed("A:read B:read A:write B:write A:commit", "constraint")
    assert texts(drawn, 5, "B")[-1] == (
        'new row for relation "seats" violates check constraint "seats_guarded"'
    )
    assert drawn.endings["B"] == "refused: Seat S1 is booked already, said the check constraint."

    drawn, _ = replayed("A:read B:read A:write B:write A:commit B:release B:read", "serializable")
    assert texts(drawn, 5, "B")[-1] == "could not serialize access due to concurrent update"
    assert drawn.endings["B"] == "refused, at try 2: Seat S1 is booked already."


def test_a_deadlock_is_told(replayed):
    drawn, _ = replayed(
        "A:acquire B:acquire A:acquire B:acquire", "pessimistic", scenario=1,
        options={"in_order": False},
    )  # fmt: skip

    assert texts(drawn, 3, "A")[-1] == "waits for B"
    assert texts(drawn, 4, "B")[-2:] == ["waits for A", "deadlock: this one is cancelled"]
    assert texts(drawn, 4, "A") == ["acquire goes on", "locked"]


def test_what_is_busy_is_not_told_as_locked(replayed):
    drawn, _ = replayed("A:acquire B:acquire", "skip_locked")

    assert texts(drawn, 1, "A")[-1] == "chooses S1"
    assert texts(drawn, 2, "B")[-1].startswith("Another customer is booking this right now")


def test_a_lock_in_redis_is_held_until_it_expires(replayed):
    drawn, after = replayed(
        "A:acquire A:read expiry:A B:acquire A:write", "distributed", nemeses=("expiry",)
    )

    assert texts(drawn, 1, "A") == ["acquire", "lock seats:1001:S1", "has it"]
    assert drawn.columns == ["A", "B", "world"]
    assert texts(drawn, 3, "world") == ["A's lock expires"]
    assert after[2]["A"].holds == ("seats:1001:S1", "an open transaction")
    assert after[3]["A"].holds == ("an open transaction",)
    assert after[4]["B"].holds == ("seats:1001:S1",)
    assert after[0]["A"].saw == ""
    assert after[3]["A"].saw == "S1 free"


def test_who_finds_a_lock_taken_waits_and_holds_nothing(replayed):
    for strategy, plan in (("distributed", {}), ("mutex", {"workers": 1})):
        drawn, after = replayed("A:acquire B:acquire", strategy, **plan)

        assert texts(drawn, 2, "B")[-1] == "another booker has it"
        assert after[2]["B"].holds == ()
        assert len(after[2]["A"].holds) == 1


def test_of_several_servers_each_is_named(replayed):
    drawn, after = replayed("A:acquire A:acquire flush:redis", "redlock", nemeses=("flush",))

    assert texts(drawn, 2, "A")[1] == "lock seats:1001:S1 at server 2"
    assert after[2]["A"].holds == ("seats:1001:S1 at server 1", "seats:1001:S1 at server 2")
    assert after[3]["A"].holds == ()


def test_the_dead_hold_nothing(replayed):
    drawn, after = replayed("A:read A:write death:A", "none", nemeses=("death",))

    assert texts(drawn, 3, "world") == ["A dies; the connection is cut"]
    assert (after[3]["A"].stands, after[3]["A"].holds) == ("dead", ())
    assert drawn.endings["A"] == "died"


def test_a_lost_answer_is_told(replayed):
    drawn, _ = replayed("A:read A:write loss:A A:commit", "none", nemeses=("loss",))

    assert texts(drawn, 4, "A") == ["commit", "no answer: the connection is gone"]
    assert drawn.endings["A"] == "confirmed; the answer to its COMMIT was lost"


def test_who_books_for_others_decides_for_them(replayed):
    drawn, _ = replayed("A:acquire B:acquire", "queue", workers=1)

    decided = [line.text for row in drawn.rows for line in row.cells.get("A", [])]
    assert "decides: take S1" in decided
    assert "B: refused: Seat S1 is booked already." in decided


@pytest.mark.parametrize(
    ("strategy", "schedule"),
    [
        ("optimistic", "A:read B:read"),
        ("fenced", "A:acquire A:read"),
        ("atomic", "A:write B:write"),
    ],
)
def test_the_same_schedule_is_told_the_same_every_time(replayed, strategy, schedule):
    drawn, after = replayed(schedule, strategy)

    assert replayed(" ".join(row.move for row in drawn.rows), strategy) == (drawn, after)
