"""Many customers at the same counter, and resets in between."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.errors import SoldOut, Superseded
from booking_lab.workloads.tickets.state import EventCounter
from tests.faults.gate import Gate
from tests.workloads.box_office import STRATEGIES, TICKETS, TRACE, UNSAFE, asks, crowd

SAFE = [name for name in STRATEGIES if name not in UNSAFE]


def test_without_protection_twenty_get_ten_tickets_every_time(office):
    for _ in range(5):
        ended = office.race(crowd(20), "none")

        assert ended.confirmed == 20
        assert office.left() == -10
        assert office.anomalies() == {"oversell"}
        assert office.reset() == 20
        assert (office.left(), office.findings()) == (10, [])


@pytest.mark.parametrize("strategy", SAFE)
def test_a_safe_strategy_gives_ten_tickets_to_ten_of_twenty(office, strategy):
    ended = office.race(crowd(20), strategy)

    assert ended.confirmed == 10
    losers = {one.code for one in ended.bookings if one.outcome is not Outcome.CONFIRMED}
    assert losers == {"sold_out"}
    assert office.left() == 0
    assert office.findings() == []
    assert office.reset() == 10


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_many_cancel_one_booking(office, strategy):
    booking = office.book(asks(2))

    ended = office.race([office.changing(booking, None) for _ in range(20)], strategy)

    assert ended.confirmed == 1
    assert {one.code for one in ended.bookings} == {"", "not_held"}
    assert office.left() == 10
    assert office.findings() == []


@pytest.mark.parametrize("changes", [(3, 5), (1, 5), (3, None)])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_changes_of_one_booking_race_and_the_second_finds_that_the_first_has_been(
    office, strategy, changes
):
    booking = office.book(asks(2))

    ended = office.race([office.changing(booking, quantity) for quantity in changes], strategy)

    assert sorted(one.code for one in ended.bookings) == ["", "not_held"]
    assert office.findings() == []


def test_an_oversell_says_who_when_and_where(office):
    office.race(crowd(4, quantity=5), "none")

    with office.lab.connector.session() as session:
        [found] = TICKETS.violations(session)
    assert found["anomaly"] == "oversell"
    assert (found["scope"], found["event_id"], found["name"]) == ("1", 1, "Taylor Swift Concert")
    assert (found["on_sale"], found["sold"], found["oversold"]) == (10, 20, 10)
    assert found["available_tickets"] == -10
    assert sorted(found["customers"]) == [one.customer_id for one in crowd(4)]
    assert [one["too_many"] for one in found["bookings"]] == [False, False, True, True]
    for one in found["bookings"]:
        assert (one["quantity"], one["total_amount"]) == (5, "1499.95")
        assert (one["strategy"], one["trace_id"]) == ("none", TRACE)
        assert one["worker"]
        assert one["created_at"]
    assert office.findings()[0].detail == "20 of 10 tickets are sold, -10 are left"


def test_the_constraint_refuses_where_others_went_below_zero(office):
    office.race(crowd(20), "none")
    booking = office.book(asks(1), "constraint")
    assert (booking.code, office.left()) == ("sold_out", -10)


def test_from_a_guarded_booking_on_the_constraint_binds_everybody(office):
    request = office.begun(asks(9))
    change = TICKETS.decide((EventCounter(1, 10),), request)
    with office.lab.connector.session() as session:
        TICKETS.claim(session, request, change)
        for write in (TICKETS.claim, TICKETS.write):
            with pytest.raises(SoldOut, match="said the check constraint"):
                write(session, replace(request, id=asks().id), change)
        assert office.left() == 1
    office.start_over()
    office.race(crowd(20), "none")
    assert office.left() == -10


def test_under_the_constraint_tickets_come_back_also_from_below_zero(office):
    bookings = office.race(crowd(2, quantity=10), "none").bookings
    assert office.left() == -10

    moved = office.book(office.changing(bookings[0], 9), "constraint")
    assert (moved.outcome, office.left()) == (Outcome.CONFIRMED, -9)
    cancelled = office.book(office.changing(bookings[0], None), "constraint")
    assert (cancelled.outcome, office.left()) == (Outcome.CONFIRMED, 0)
    assert office.findings() == []


def test_who_waited_for_the_counter_is_told_what_is_left_by_then(office):
    """Not what was there when its statement began."""
    with office.lab.connector.session() as rival, ThreadPoolExecutor(1) as background:
        rival.begin()
        rival.execute("UPDATE ticket_events SET available_tickets = 1 WHERE id = 1")

        waiting = background.submit(office.book, asks(2), "atomic")
        while not office.somebody_waits():
            assert not waiting.done()
        rival.commit()

        assert waiting.result().message.endswith("1 is left, and 2 were asked for.")


def _writes(late):
    """Every way to write."""
    cancel = replace(late, quantity=0, given_back=2, replaces=late.id)
    change = TICKETS.decide((EventCounter(1, 10),), late)
    return {
        "write": lambda session: TICKETS.write(session, late, change),
        "write_if": lambda session: TICKETS.write_if(session, late),
        "claim": lambda session: TICKETS.claim(session, late, change),
        "write_all": lambda session: TICKETS.write_all(session, [(late, change)]),
        "cancel": lambda session: TICKETS.write(session, cancel, change),
        "cancel if": lambda session: TICKETS.write_if(session, cancel),
    }


@pytest.mark.parametrize("way", _writes(asks(2)))
def test_what_began_before_a_reset_is_not_written_after_it(office, way):
    write = _writes(office.begun(asks(2)))[way]
    office.reset()

    with office.lab.connector.session() as session, pytest.raises(Superseded):
        write(session)

    assert office.left() == 10
    assert office.ask("SELECT count(*) FROM ticket_bookings") == [(0,)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_reset_meets_a_booking_under_way(office, strategy):
    gate = Gate(StepKind.WRITE)
    engine = office.lab.engine.derive(office.lab.bookings, [gate])
    with ThreadPoolExecutor(2) as background:
        booking = background.submit(engine.book, TICKETS, asks(2), office.wish(strategy))
        gate.reached()
        clearing = background.submit(office.reset)
        # Either it waits for the booking's row, or it is over before the booking goes on.
        while not (waits := office.somebody_waits()) and not clearing.done():
            pass
        gate.open()

        assert clearing.result() == (1 if waits else 0)
        ended = booking.result()
    told = (Outcome.CONFIRMED, "") if waits else (Outcome.CONFLICT, "reset")
    assert (ended.outcome, ended.code) == told
    assert office.left() == 10
    assert office.findings() == []


@pytest.mark.parametrize("bookers", [2, 3, 4])
@pytest.mark.parametrize("which", [0, 1])
def test_a_scenario_cannot_serve_everybody(office, which, bookers):
    scenario = TICKETS.scenarios(bookers)[which]
    assert len(scenario.requests) == bookers
    for strategy in ("pessimistic", "none"):
        office.ask(scenario.seed)  # what is there already is left alone
        office.reset(scenario.scope)

        ended = office.race(scenario.requests, strategy)

        left = office.left(scenario.scope)
        if strategy == "none":
            assert (ended.confirmed, left) == (bookers, 1 - bookers)
            assert office.anomalies() == {"oversell"}
        else:
            assert 1 <= ended.confirmed < bookers
            assert left in {0, which}  # one of two, where only both would have done
            assert office.anomalies() == set()
