"""Baskets, best seats, moves and cancellations, on the real database."""

from dataclasses import replace

import pytest

from booking_lab.core.booking import Outcome
from booking_lab.core.capability import Capability, capabilities_of
from booking_lab.core.strategy import Anomaly
from booking_lab.errors import Superseded, Taken
from booking_lab.runtime import race
from booking_lab.runtime.engine import BookingContext
from booking_lab.runtime.reset import reset
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads.seats import SeatRequest, Seats
from tests.workloads.connections import lent

SEATS = Seats()
TRACE = "0" * 31 + "1"
ENTRIES = [
    entry
    for entry in Registry([SHIPPED]).entries()
    if entry.strategy_class.needs <= capabilities_of(SEATS) | {Capability.REDIS, Capability.QUORUM}
]
STRATEGIES = [entry.name for entry in ENTRIES]
#: Those that keep their word among the threads of one process.
SAFE = [one.name for one in ENTRIES if Anomaly.DOUBLE_BOOKING not in one.strategy_class.allows]


@pytest.fixture
def desk(lab):
    """Books seats in that lab; all of them are free."""

    class Desk:
        def wish(self, strategy):
            entry = lab.registry.get(strategy)
            patient = {option["name"] for option in entry.options} & {"attempts"}
            return BookingContext(TRACE, (entry, entry.create(dict.fromkeys(patient, 1000))))

        def book(self, request, strategy):
            return lab.engine.book(SEATS, request, self.wish(strategy))

        def race(self, requests, strategy):
            return race.run(lab.engine, lab.connector, SEATS, requests, self.wish(strategy))

        def changing(self, booking, changes):
            with lent(lab) as session:
                return SEATS.changing(session, booking.request.id, changes)

        def holders(self, *numbers):
            request = SeatRequest(event_id=1, seats=numbers, customer_id="looks")
            with lent(lab) as session:
                return {seat.number: seat.booked_by for seat in SEATS.read(session, request)}

        def listed(self):
            query = f"SELECT * FROM ({SEATS.listing}) AS listed"
            with lent(lab) as session:
                rows = session.execute(query)
            names = ("id", "scope", "subject", "customer_id", "status", "created_at", "details")
            listed = [dict(zip(names, row, strict=True)) for row in rows]
            return [one | {"seats": one.pop("details")["seats"]} for one in listed]

        def findings(self):
            with lent(lab) as session:
                return {str(one.anomaly): one.detail for one in SEATS.findings(session)}

    with lent(lab) as session:
        reset(session, SEATS, "1", None)
    return Desk()


def asks(*seats, customer="c1", best=0):
    return SeatRequest(event_id=1, seats=seats, customer_id=customer, best=best)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_basket_is_booked_whole_or_not_at_all(desk, strategy):
    assert desk.book(asks("A2"), strategy).outcome is Outcome.CONFIRMED

    refused = desk.book(asks("A1", "A2", "A3", customer="c2"), strategy)
    booked = desk.book(asks("A4", "A3", customer="c3"), strategy)

    assert refused.outcome in {Outcome.REFUSED, Outcome.CONFLICT}
    assert booked.outcome is Outcome.CONFIRMED
    assert desk.holders("A1", "A2", "A3", "A4") == {
        "A1": None, "A2": "c1", "A3": "c3", "A4": "c3"
    }  # fmt: skip
    assert desk.findings() == {}


@pytest.mark.parametrize("strategy", SAFE)
def test_baskets_that_share_seats_in_any_order_race_for_them(desk, strategy):
    baskets = [("B1", "B2", "B3"), ("B3", "B1"), ("B2", "B3"), ("B3", "B2", "B1")]
    ended = desk.race([asks(*b, customer=f"c{n}") for n, b in enumerate(baskets)], strategy)

    assert ended.confirmed == 1
    assert {one.outcome for one in ended.bookings} <= {Outcome.CONFIRMED, Outcome.REFUSED}
    assert desk.findings() == {}


def test_unsorted_locks_on_baskets_deadlock_and_the_booking_starts_over(lab, desk):
    entry = lab.registry.get("pessimistic")
    wish = BookingContext(TRACE, (entry, entry.create({"in_order": False})))
    crowd = [asks("C1", "C2", customer="c0"), asks("C2", "C1", customer="c1")]

    ended = race.run(lab.engine, lab.connector, SEATS, crowd, wish)

    assert ended.confirmed == 1
    assert desk.findings() == {}


def test_those_who_want_the_best_spread_over_the_seats(desk):
    crowd = [asks(best=2, customer=f"c{number}") for number in range(10)]

    ended = desk.race(crowd, "skip_locked")

    assert ended.confirmed == 10
    assert len({seat for one in ended.bookings for seat in one.request.seats}) == 20
    assert desk.findings() == {}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_is_moved_and_cancelled_once(desk, strategy):
    booking = desk.book(asks("D1", "D2"), strategy)

    moved = desk.book(desk.changing(booking, {"seats": ["D2", "D3"]}), strategy)
    first = desk.changing(booking, None)
    second = desk.changing(booking, None)

    assert moved.outcome is Outcome.CONFIRMED
    assert desk.holders("D1", "D2", "D3") == {"D1": None, "D2": "c1", "D3": "c1"}
    assert desk.book(first, strategy).outcome is Outcome.CONFIRMED
    assert desk.book(second, strategy).code == "not_held"
    assert desk.holders("D2", "D3") == {"D2": None, "D3": None}
    assert desk.findings() == {}


CHANGES = {
    "two cancellations": (None, None),
    "two moves": ({"seats": ["E3", "E2"]}, {"seats": ["E1", "E4"]}),
    "a move and a cancellation": ({"seats": ["E3"]}, None),
    "two that add a seat": ({"seats": ["E1", "E2", "E3"]}, {"seats": ["E1", "E2", "E4"]}),
    "two that keep one": ({"seats": ["E1"]}, {"seats": ["E2"]}),
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_changes_of_one_booking_race_and_the_second_finds_that_the_first_has_been(
    desk, strategy, changes
):
    booking = desk.book(asks("E1", "E2"), "pessimistic")

    ended = desk.race([desk.changing(booking, one) for one in changes], strategy)

    assert sorted(one.code for one in ended.bookings) == ["", "not_held"]
    [done] = [one for one in ended.bookings if one.outcome is Outcome.CONFIRMED]
    holders = desk.holders("E1", "E2", "E3", "E4")
    assert {seat for seat, holder in holders.items() if holder} == set(done.request.seats)
    assert desk.findings() == {}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_that_is_moved_keeps_its_rows(desk, strategy):
    booking = desk.book(asks("G2", "G1"), strategy)
    [made] = desk.listed()

    for seats in (["G3"], ["G4", "G3", "G5"], ["G1", "G5"], ["G1", "G2"]):
        moved = desk.book(desk.changing(booking, {"seats": seats}), strategy)
        assert (moved.outcome, moved.booking_id) == (Outcome.CONFIRMED, booking.booking_id)
        [listed] = desk.listed()
        assert listed == made | {"subject": "+".join(seats), "seats": seats}
        holders = desk.holders("G1", "G2", "G3", "G4", "G5")
        assert {seat for seat, holder in holders.items() if holder} == set(seats)
        assert desk.findings() == {}


@pytest.mark.parametrize("leaves", ["the winner", "the loser"])
@pytest.mark.parametrize("changes", [None, {"seats": ["H3"]}], ids=["cancels", "moves"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_of_two_who_got_one_seat_each_can_leave_and_all_is_well(desk, strategy, changes, leaves):
    ended = desk.race([asks("H1", "H2", customer="ann"), asks("H1", customer="bob")], "none")
    assert ended.confirmed == 2
    winner = desk.holders("H1")["H1"]
    who = {"the winner": winner, "the loser": ({"ann", "bob"} - {winner}).pop()}[leaves]
    [booking] = [one for one in ended.bookings if one.request.customer_id == who]

    left = desk.book(desk.changing(booking, changes), strategy)

    assert left.outcome is Outcome.CONFIRMED
    assert desk.holders("H1") == {"H1": ({"ann", "bob"} - {who}).pop()}
    assert desk.findings() == {}


WAYS = {
    "write": SEATS.write,
    "write_if": lambda session, asked, _: SEATS.write_if(session, asked),
    "claim": SEATS.claim,
    "write_all": lambda session, asked, change: SEATS.write_all(session, [(asked, change)]),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_began_before_a_reset_is_not_written_after_it(lab, desk, way):
    with lent(lab) as session:
        [(generation,)] = session.execute("SELECT generation FROM lab")
        asked = replace(asks("A1", "A2"), generation=generation)
        change = SEATS.decide(SEATS.read(session, asked), asked)
        reset(session, SEATS, "1", None)

        with pytest.raises(Superseded):
            WAYS[way](session, asked, change)

    assert desk.holders("A1", "A2") == {"A1": None, "A2": None}


@pytest.mark.parametrize("seats", [("A1",), ("A1", "A2")])
def test_from_a_guarded_booking_on_the_check_binds_everybody(lab, desk, seats):
    def asks():
        return SeatRequest(event_id=1, seats=seats, customer_id="c", generation=2**40)

    with lab.connector.session() as session:
        SEATS.claim(session, asks(), None)
        for write in (SEATS.write, SEATS.claim):
            with pytest.raises(Taken, match="said the check constraint"):
                write(session, asks(), None)
