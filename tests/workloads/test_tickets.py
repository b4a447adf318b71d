"""Tickets by quantity: what customers get, and what the functions say of it."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from booking_lab.core.booking import Outcome
from booking_lab.errors import (
    BookingNotFound,
    EventNotFound,
    InvalidRequest,
    NotHeld,
    Refused,
    SoldOut,
    Unsuitable,
)
from booking_lab.workloads.tickets.state import EventCounter, HeldTickets
from tests.workloads.box_office import STRATEGIES, TICKETS, asks


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_tickets_are_booked_until_too_few_are_left(office, strategy):
    for quantity, remain in ((4, 6), (5, 1)):
        booked = office.book(asks(quantity), strategy)
        assert (booked.outcome, booked.code) == (Outcome.CONFIRMED, ""), booked.message
        assert office.left() == remain

    refused = office.book(asks(2), strategy)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "sold_out")
    assert office.book(asks(1), strategy).outcome is Outcome.CONFIRMED
    assert office.left() == 0
    assert office.book(asks(1), strategy).code == "sold_out"
    assert office.findings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_event_that_is_not_there_is_not_found(office, strategy):
    with pytest.raises(EventNotFound, match="There is no event 999"):
        office.book(asks(event=999), strategy)

    assert office.ask("SELECT count(*) FROM ticket_bookings") == [(0,)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_is_moved_and_cancelled_once(office, strategy):
    booking = office.book(asks(2), strategy)
    # Of the ten that it has in the end, it had one already.
    for quantity, remain in ((5, 5), (1, 9), (10, 0)):
        moved = office.book(office.changing(booking, quantity), strategy)
        assert (moved.outcome, moved.booking_id) == (Outcome.CONFIRMED, booking.booking_id)
        assert office.left() == remain
    first, second = office.changing(booking, None), office.changing(booking, None)

    assert office.book(first, strategy).outcome is Outcome.CONFIRMED
    refused = office.book(second, strategy)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "not_held")
    assert office.left() == 10
    assert office.findings() == []
    query = "SELECT quantity, booking_status, updated_at > created_at FROM ticket_bookings"
    assert office.ask(query) == [(10, "cancelled", True)]
    with pytest.raises(NotHeld, match="is cancelled"):
        office.changing(booking, 3)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_grows_only_by_what_is_left(office, strategy):
    booking = office.book(asks(2), strategy)
    office.book(asks(7), strategy)

    refused = office.book(office.changing(booking, 4), strategy)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "sold_out")
    assert office.left() == 1
    assert office.findings() == []


def test_money_is_exact(office):
    booked = office.book(asks(3))

    amounts = office.ask("SELECT unit_price, total_amount FROM ticket_bookings")
    assert amounts == [(Decimal("299.99"), Decimal("899.97"))]
    [listed] = office.ask(f"SELECT id, scope, details FROM ({TICKETS.listing}) AS listed")
    assert listed == (
        str(booked.request.id),
        "1",
        {"event_id": 1, "quantity": 3, "unit_price": "299.99", "total_amount": "899.97"},
    )
    with office.lab.connector.session() as session:
        state = TICKETS.read(session, asks(3))
    assert state == (EventCounter(1, 7, Decimal("299.99")),)
    assert TICKETS.decide(state, asks(3)).total == Decimal("899.97")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_was_paid_stays_paid_whatever_the_price_is_by_then(office, strategy):
    booking = office.book(asks(3), strategy)
    query = "SELECT total_amount, unit_price FROM ticket_bookings"
    try:
        office.ask("UPDATE ticket_events SET ticket_price = 100 WHERE id = 1")
        for quantity, total, each in (
            (5, "1099.97", "219.99"),  # two more at the price of now
            (2, "439.99", "220.00"),  # given back at what each has cost on average
            (3, "539.99", "180.00"),
            (None, "539.99", "180.00"),
        ):
            assert office.book(office.changing(booking, quantity), strategy).message
            assert office.ask(query) == [(Decimal(total), Decimal(each))]
    finally:
        office.ask("UPDATE ticket_events SET ticket_price = 299.99 WHERE id = 1")
    assert office.findings() == []


def test_a_state_knows_what_a_move_costs(office):
    booking = office.book(asks(3))
    for quantity, total in ((5, "1499.95"), (1, "299.99"), (None, "0")):
        request = office.changing(booking, quantity)
        with office.lab.connector.session() as session:
            assert TICKETS.decide(TICKETS.read(session, request), request).total == Decimal(total)


def test_the_seed_is_the_references(office):
    rows = office.ask(
        "SELECT name, total_tickets, available_tickets, ticket_price::text, "
        "(event_date AT TIME ZONE 'UTC')::text FROM ticket_events WHERE id <= 3 ORDER BY id"
    )
    assert rows == [
        ("Taylor Swift Concert", 1000, 10, "299.99", "2024-12-01 19:00:00"),
        ("Ed Sheeran World Tour", 800, 10, "199.99", "2024-11-15 20:00:00"),
        ("Coldplay Concert", 1200, 10, "249.99", "2024-10-30 19:30:00"),
    ]


@pytest.mark.parametrize(
    ("available", "quantity", "words"),
    [
        (3, 5, "3 are left, and 5 were asked for."),
        (1, 2, "1 is left, and 2 were asked for."),
        (0, 1, "0 are left, and 1 was asked for."),
        (-10, 1, "0 are left, and 1 was asked for."),
    ],
)
def test_the_refusal_says_how_many_are_left(available, quantity, words):
    with pytest.raises(SoldOut) as refusal:
        TICKETS.decide((EventCounter(1, available),), asks(quantity))

    assert refusal.value.message == f"Not enough tickets available: {words}"


@pytest.mark.parametrize(
    "changes",
    [{}, {"quantity": 0}, {"quantity": 11}, {"event_id": 2}, {"event_id": 2, "quantity": 1}],
)
def test_what_cannot_be_changed_is_said_and_changes_nothing(office, changes):
    booking = office.book(asks(2))

    with (
        office.lab.connector.session() as session,
        pytest.raises(InvalidRequest, match="send quantity"),
    ):
        TICKETS.changing(session, booking.request.id, changes)

    assert office.left() == 8


def test_what_makes_no_sense_is_refused(office):
    with office.lab.connector.session() as session, pytest.raises(BookingNotFound):
        TICKETS.changing(session, asks().id, None)
    with pytest.raises(ValueError, match="one ticket at least"):
        asks(0)
    with pytest.raises(Unsuitable, match="nothing to choose among"):
        office.book(asks(), "skip_locked")


def test_a_batch_is_one_step_of_the_counter(office):
    requests = [office.begun(asks(n, f"{n}@example.com")) for n in (3, 1, 2)]
    query = "SELECT version FROM ticket_events WHERE id = 1"
    [(version,)] = office.ask(query)
    with office.lab.connector.session() as session:
        state, changes = TICKETS.read_all(session, requests), []
        for request in requests:
            changes.append((request, TICKETS.decide(state, request)))
            state = TICKETS.apply(state, *changes[-1])
        ids = TICKETS.write_all(session, changes)

        assert TICKETS.read(session, requests[0]) == state
    assert state[0].available == office.left() == 4
    assert office.ask(query) == [(version + 1,)]
    columns = "id, attempt_id, user_email, quantity, total_amount"
    rows = {row[0]: row[1:] for row in office.ask(f"SELECT {columns} FROM ticket_bookings")}
    price = Decimal("299.99")
    assert [rows[one] for one in ids] == [
        (str(one.id), one.customer_id, one.quantity, one.quantity * price) for one in requests
    ]


def test_one_state_covers_several_events(office):
    requests = [asks(1), asks(2, event=3), asks(3, event=3)]
    with office.lab.connector.session() as session:
        state = TICKETS.read_all(session, requests)
        with pytest.raises(EventNotFound):
            TICKETS.read_all(session, [*requests, asks(event=999)])

    assert state == (EventCounter(1, 10, Decimal("299.99")), EventCounter(3, 10, Decimal("249.99")))
    change = TICKETS.decide(state, requests[1])
    assert [event.available for event in TICKETS.apply(state, requests[1], change)] == [10, 8]
    with pytest.raises(EventNotFound):
        TICKETS.decide(state, asks(event=2))


def _asked_at_random(office, chance, bookings):
    while True:
        if not bookings or chance.random() < 0.5:
            return asks(chance.randint(1, 4))
        try:
            return office.changing(chance.choice(bookings), chance.choice([None, 1, 2, 6]))
        except NotHeld:
            continue


def test_the_pure_functions_foretell_what_the_database_says(office):
    """From a reset on, for bookings, moves and cancellations in any order."""
    chance = random.Random(7)
    bookings, history = [], []
    for _ in range(60):
        request = _asked_at_random(office, chance, bookings)
        done = office.book(request, chance.choice(["atomic", "pessimistic", "constraint"]))
        bookings += [done] if done.outcome is Outcome.CONFIRMED and not request.replaces else []
        history.append((request, str(done.outcome), office.left()))

    foretold = []
    state = TICKETS.fresh([request for request, *_ in history], {"1": 10})
    for request, *_ in history:
        try:
            state = TICKETS.apply(state, request, TICKETS.decide(state, request))
        except Refused:
            foretold.append((request, "refused", state[0].available))
        else:
            foretold.append((request, "confirmed", state[0].available))

    assert foretold == history
    assert {outcome for _, outcome, _ in history} == {"confirmed", "refused"}
    assert office.findings() == []


def test_a_fresh_state_knows_of_what_is_changed_later():
    booked = asks(2)
    cancelled = replace(booked, quantity=0, given_back=2, replaces=booked.id)
    fresh = TICKETS.fresh([booked, cancelled], {"1": 10})
    assert fresh == (EventCounter(1, 10), HeldTickets(str(booked.id), 0))
    assert TICKETS.fresh([asks(event=999)], {"1": 10}) == ()

    with pytest.raises(NotHeld):
        TICKETS.decide(fresh, cancelled)
    state = TICKETS.apply(fresh, booked, TICKETS.decide(fresh, booked))
    assert state == (EventCounter(1, 8), HeldTickets(str(booked.id), 2))
    state = TICKETS.apply(state, cancelled, TICKETS.decide(state, cancelled))

    assert state == fresh
    assert hash(state) == hash(fresh)


def test_units_are_how_many_fewer_are_left(office):
    booking = office.book(asks(3))
    moved, cancelled = office.changing(booking, 5), office.changing(booking, None)
    [anchor] = TICKETS.anchors(moved)

    assert anchor.name == "ticket_events:1"
    units = [TICKETS.units(one) for one in (asks(4), moved, cancelled)]
    assert units == [{anchor: 4}, {anchor: 2}, {anchor: -3}]
    assert [one.action for one in (asks(4), moved, cancelled)] == ["book", "move", "cancel"]
    with office.lab.connector.session() as session:
        assert TICKETS.left(session, anchor) == 7
        assert TICKETS.left(session, TICKETS.anchors(asks(event=999))[0]) == 0


@pytest.mark.parametrize(
    ("tampering", "anomalies"),
    [
        (
            "UPDATE ticket_events SET available_tickets = -1 WHERE id = 1",
            {"oversell", "lost update"},
        ),
        ("UPDATE ticket_events SET available_tickets = 9 WHERE id = 1", {"lost update"}),
        ("UPDATE ticket_bookings SET quantity = 9", {"lost update"}),
        ("UPDATE ticket_bookings SET quantity = 11", {"oversell", "lost update"}),
        ("UPDATE ticket_bookings SET booking_status = 'cancelled'", {"lost update", "orphan"}),
        ("DELETE FROM ticket_bookings", {"lost update", "lost booking"}),
        ("DELETE FROM attempts", {"orphan"}),
    ],
)
def test_what_disagrees_is_found(office, tampering, anomalies):
    office.book(asks(8))
    assert office.findings() == []

    office.ask(tampering)

    assert office.anomalies() == anomalies
    assert {(one.scope, one.subject) for one in office.findings()} == {("1", "tickets")}
