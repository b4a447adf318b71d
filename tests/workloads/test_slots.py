"""Slots: times, stock, prices; what is refused, moved, cancelled and chosen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

import psycopg2
import pytest
from pydantic import TypeAdapter, ValidationError

from booking_lab.core.booking import Outcome
from booking_lab.core.lab_workload import Anomaly
from booking_lab.db.session import PostgresSession
from booking_lab.errors import BookingNotFound, InvalidRequest, NotFound, NotHeld
from booking_lab.web.http.json_bodies import parse_as
from booking_lab.web.schemas.workload_schema import WorkloadSchema
from booking_lab.workloads.slots import Product, SlotRequest
from tests.workloads.clinic import BRUSH, ELEVEN, KIT, NINE, SLOTS, STRATEGIES, TEN, TRACE, asks

#: One decides in Python, one in the statement, one leaves it to the database, one chooses.
KINDS = ["pessimistic", "atomic", "constraint", "skip_locked"]
_JSON = TypeAdapter(SlotRequest)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_time_is_booked_once(clinic, strategy):
    booked = clinic.book(asks(products=(Product(1, 2),)), strategy)
    assert (booked.outcome, clinic.stock()) == (Outcome.CONFIRMED, 1)

    later = asks(starts_at=TEN - timedelta(minutes=1), ends_at=ELEVEN, customer_id="ben")
    refused = clinic.book(later, strategy)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "overlaps")
    assert clinic.confirmed() == ["anna"]
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_stock_is_taken_with_the_time_or_neither(clinic, strategy):
    clinic.book(asks(products=(Product(1, 2), BRUSH)), strategy)
    assert (clinic.stock(product=1), clinic.stock(product=2)) == (1, 2)

    short = clinic.book(asks(resource_id=2, products=(BRUSH, Product(1, 2))), strategy)
    empty = clinic.book(asks(branch_id=2, starts_at=TEN, ends_at=ELEVEN, products=(KIT,)), strategy)

    assert (short.code, empty.code) == ("sold_out", "sold_out")
    assert short.message == "Product 1: 1 left at branch 1, and 2 were asked for."
    assert empty.message == "Product 1: 0 left at branch 2, and 1 were asked for."
    assert (clinic.stock(product=1), clinic.stock(product=2)) == (1, 2)
    assert clinic.confirmed() == ["anna"]
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_branch_has_its_own_prices_and_they_are_exact(clinic, strategy):
    for hour, (branch, service) in enumerate([(1, 1), (2, 1), (1, 2), (2, 2)]):
        at = NINE + timedelta(hours=hour)
        clinic.book(
            asks(
                branch_id=branch,
                service_id=service,
                starts_at=at,
                ends_at=at + timedelta(hours=1),
            ),
            strategy,
        )

    prices = clinic.ask("SELECT price FROM slot_reservations ORDER BY lower(during)")
    assert [price for (price,) in prices] == [
        Decimal("80.00"), Decimal("80.00"), Decimal("149.90"), Decimal("129.95")
    ]  # fmt: skip


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


NIGHT = "2030-10-27T"  # in Europe/Berlin, the hour from two to three comes twice


@pytest.mark.parametrize("strategy", KINDS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("2030-01-07T09:00+01:00", "2030-01-07T10:00+01:00"),
         ("2030-01-07T10:00+01:00", "2030-01-07T11:00+01:00")),
        (("2030-01-07T09:00+01:00", "2030-01-07T10:00+01:00"),
         ("2030-01-07T04:00-05:00", "2030-01-07T05:00-05:00")),
        (("2030-01-07T09:00:00+01:00", "2030-01-07T09:00:00.000001+01:00"),
         ("2030-01-07T09:00:00.000001+01:00", "2030-01-07T09:00:00.000002+01:00")),
        # The same on the clock, an hour apart; and the first half of the night up to the second.
        ((f"{NIGHT}02:00+02:00", f"{NIGHT}03:00+02:00"),
         (f"{NIGHT}02:00+01:00", f"{NIGHT}03:00+01:00")),
        ((f"{NIGHT}01:30+02:00", f"{NIGHT}02:30+02:00"),
         (f"{NIGHT}02:30+02:00", f"{NIGHT}02:00+01:00")),
        # Over the hour that is left out in spring.
        (("2030-03-31T01:00+01:00", "2030-03-31T03:00+02:00"),
         ("2030-03-31T03:00+02:00", "2030-03-31T04:00+02:00")),
    ],
)  # fmt: skip
def test_a_time_ends_where_the_next_begins(clinic, strategy, first, second):
    for begin, end in (second, first):
        booked = clinic.book(asks(starts_at=at(begin), ends_at=at(end)), strategy)
        assert booked.outcome is Outcome.CONFIRMED
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", KINDS)
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2030-10-27T02:59:59.999999+02:00", "2030-10-27T04:00+01:00"),
        ("2030-10-27T00:30+02:00", "2030-10-27T02:00:00.000001+02:00"),
        ("2030-10-27T02:29+02:00", "2030-10-27T02:31+02:00"),
        ("2030-10-26T12:00+02:00", "2030-10-27T11:00+01:00"),
        ("2030-10-27T02:00+02:00", "2030-10-27T03:00+02:00"),
        ("2030-10-26T20:00-04:00", "2030-10-26T21:00-04:00"),
    ],
)
def test_a_microsecond_in_common_is_an_overlap(clinic, strategy, begin, end):
    clinic.book(asks(starts_at=at(f"{NIGHT}02:00+02:00"), ends_at=at(f"{NIGHT}03:00+02:00")))

    refused = clinic.book(asks(starts_at=at(begin), ends_at=at(end)), strategy)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "overlaps")


def test_what_meets_through_others_alone_is_no_overlap(clinic):
    between = {"starts_at": NINE.replace(minute=30), "ends_at": TEN.replace(minute=30)}
    for tenant in (1, 2):
        clinic.book(asks(tenant_id=tenant))
        clinic.book(asks(tenant_id=tenant, starts_at=TEN, ends_at=ELEVEN))
    clinic.book(asks(tenant_id=1, resource_id=2, **between))
    assert clinic.findings() == []
    assert clinic.violations() == []


class Wall(tzinfo):
    """A clock on the wall that goes back an hour, as in Berlin in that night."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1 if when and when.fold else 2)

    def dst(self, _when: datetime | None) -> timedelta:
        return timedelta(0)


def test_the_hour_that_comes_twice_is_no_empty_time():
    half_past = datetime(2030, 10, 27, 2, 30, tzinfo=Wall())

    hour = asks(starts_at=half_past, ends_at=half_past.replace(fold=1))

    assert hour.ends_at - hour.starts_at == timedelta(hours=1)
    assert hour.starts_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"starts_at": "2030-01-07T09:00:00"}, "timezone"),
        ({"starts_at": "1894003200"}, "write it like"),
        ({"starts_at": "2030-01-07T08:59:59.1234567+01:00"}, "write it like"),
        ({"starts_at": "tomorrow"}, "write it like"),
        ({"starts_at": 1894003200}, "write it like"),
        ({"starts_at": "2030-02-30T09:00:00Z"}, "day is out of range"),
        ({"ends_at": "2030-01-07T09:00:00+01:00"}, "later than starts_at"),
        ({"ends_at": "2030-01-07T07:59:59.999999Z"}, "later than starts_at"),
        ({"ends_at": "2030-01-08T10:00:00.000001+01:00"}, "25 hours long at most"),
        ({"starts_at": "1999-12-31T23:00:00Z"}, "between the years 2000 and 2200"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "between the years 2000 and 2200"),
        ({"ends_at": "9999-12-31T23:59:59-14:00"}, "between the years 2000 and 2200"),
        ({"products": [{"product_id": 1}, {"product_id": 1}]}, "occurs twice"),
        ({"products": [{"product_id": 1, "quantity": 0}]}, "greater than or equal to 1"),
        ({"products": [{"product_id": 1, "quantity": 21}]}, "less than or equal to 20"),
        ({"products": [{"product_id": 1, "quantity": True}]}, "valid integer"),
        ({"products": [{"product_id": 1, "quantity": 1.0}]}, "valid integer"),
        ({"products": [{"product_id": 1, "amount": 1}]}, "Unexpected"),
        ({"products": [{"product_id": n} for n in range(1, 22)]}, "at most 20 items"),
        ({"tenant_id": 0}, "greater than or equal to 1"),
        ({"resource_id": 2**31}, "less than or equal to"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, reason):
    sent = {
        "kind": "slots",
        "tenant_id": 1,
        "branch_id": 1,
        "resource_id": 1,
        "service_id": 1,
        "starts_at": "2030-01-07T09:00:00+01:00",
        "ends_at": "2030-01-07T10:00+01:00",
        "customer_id": "anna",
    }
    kind = WorkloadSchema(SLOTS)

    def request(body):
        return kind.request(parse_as(kind.booking, body), "anna")

    assert replace(request(sent), id=(whole := asks()).id) == whole
    with pytest.raises((ValidationError, InvalidRequest), match=reason):
        request({**sent, **changes})


def test_a_time_without_a_zone_is_refused_by_the_code_too():
    with pytest.raises(ValueError, match="starts_at has no time zone; write it like 2030"):
        asks(starts_at=datetime(2030, 1, 7, 9))


def test_a_request_comes_back_from_json_as_it_was(clinic):
    booked = clinic.book(asks(products=(BRUSH, KIT), starts_at=NINE + timedelta(microseconds=1)))
    for request in (booked.request, asks(resource_id=None), clinic.changing(booked, None)):
        assert _JSON.validate_python(_JSON.dump_python(request, mode="json")) == request


@pytest.mark.parametrize("strategy", [*KINDS, "queue"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tenant_id": 9}, "There is no tenant 9."),
        ({"branch_id": 9}, "Tenant 1 has no branch 9; there are: 1, 2."),
        ({"resource_id": 9}, "Tenant 1 has no resource 9; there are: 1, 2."),
        ({"service_id": 9}, "Tenant 1 has no service 9; there are: 1, 2."),
        ({"branch_id": 2, "resource_id": 2},
         "Resource 2 of tenant 1 works at no branch 2; there are: 1."),
        ({"products": (KIT, Product(9))}, "Tenant 1 has no product 9; there are: 1, 2."),
        ({"products": (KIT, Product(3))},
         "Branch 1 of tenant 1 stocks no product 3; there are: 1, 2."),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(clinic, strategy, changes, words):
    clinic.ask("INSERT INTO slot_products VALUES (1, 3, 'Nowhere') ON CONFLICT DO NOTHING")
    words = words.replace("no product 9; there are: 1, 2", "no product 9; there are: 1, 2, 3")

    with pytest.raises(NotFound) as refused:
        clinic.book(asks(**changes), strategy)

    assert str(refused.value) == words
    assert (clinic.stock(), clinic.confirmed()) == (3, [])
    assert clinic.ask("SELECT count(*) FROM attempts WHERE workload = 'slots'") == [(0,)]


# --- moving and cancelling ------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_moves_in_time_and_to_another_resource(clinic, strategy):
    booked = clinic.book(asks(service_id=2, products=(KIT,)), strategy)
    clinic.book(asks(starts_at=TEN, ends_at=ELEVEN, customer_id="ben"), strategy)

    # It may overlap with where it was itself, and with nobody else.
    later = {"starts_at": NINE + timedelta(minutes=30), "ends_at": TEN + timedelta(minutes=30)}
    refused = clinic.book(clinic.changing(booked, later), strategy)
    assert (refused.code, clinic.confirmed()) == ("overlaps", ["anna", "ben"])
    earlier = {"starts_at": NINE - timedelta(minutes=30)}
    moved = clinic.book(clinic.changing(booked, earlier), strategy)
    assert (moved.outcome, moved.request.action) == (Outcome.CONFIRMED, "move")
    moved = clinic.book(clinic.changing(booked, {"resource_id": 2}), strategy)
    assert moved.outcome is Outcome.CONFIRMED

    assert clinic.stock() == 2
    assert clinic.book(asks(customer_id="clara"), strategy).outcome is Outcome.CONFIRMED
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_moves_to_another_branch_with_its_products_and_keeps_its_price(clinic, strategy):
    booked = clinic.book(asks(service_id=2, products=(BRUSH,)), strategy)

    refused = clinic.book(clinic.changing(booked, {"branch_id": 2}), strategy)
    assert refused.message == "Product 2: 0 left at branch 2, and 1 were asked for."
    clinic.ask(
        "UPDATE slot_product_branches SET stocked = 1, stock = 1 "
        "WHERE (tenant_id, branch_id, product_id) = (1, 2, 2)"
    )
    moved = clinic.book(clinic.changing(booked, {"branch_id": 2}), strategy)

    assert moved.outcome is Outcome.CONFIRMED
    assert (clinic.stock(product=2), clinic.stock(branch=2, product=2)) == (3, 0)
    [shown] = clinic.ask(f"SELECT subject, status, details FROM ({SLOTS.listing}) AS listed")
    subject, status, details = shown
    assert (subject, status) == ("resource 1", "confirmed")
    assert (details["branch_id"], details["price"]) == (2, "149.90")
    assert clinic.findings() == []
    clinic.ask("UPDATE slot_product_branches SET stocked = 0 WHERE branch_id = 2")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_booking_is_cancelled_once(clinic, strategy):
    booked = clinic.book(asks(products=(Product(1, 3),)), strategy)
    again, move = clinic.changing(booked, None), clinic.changing(booked, {"resource_id": 2})

    cancelled = clinic.book(clinic.changing(booked, None), strategy)

    assert (cancelled.outcome, cancelled.request.action) == (Outcome.CONFIRMED, "cancel")
    assert (clinic.stock(), clinic.confirmed()) == (3, [])
    for late in (again, move):
        assert clinic.book(late, strategy).code == "not_held"
    assert (clinic.stock(), clinic.confirmed()) == (3, [])
    with pytest.raises(NotHeld, match="is cancelled"):
        clinic.changing(booked, None)
    assert clinic.book(asks(products=(Product(1, 3),)), strategy).outcome is Outcome.CONFIRMED
    assert clinic.findings() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tenant_id": 2}, "not by tenant_id; else cancel it and book again"),
        ({"products": ()}, "not by products"),
        ({"resource_id": None}, "resource_id: Input should be a valid integer"),
        ({"resource_id": "2"}, "resource_id: Input should be a valid integer"),
        ({"starts_at": "2030-01-07T09:00"}, "starts_at: Input should have timezone info"),
        ({"ends_at": NINE}, "ends_at has to be later than starts_at"),
        ({"starts_at": ELEVEN.isoformat()}, "ends_at has to be later than starts_at"),
    ],
)
def test_what_cannot_be_changed_is_said_and_changes_nothing(clinic, changes, reason):
    booked = clinic.book(asks())
    with pytest.raises(InvalidRequest, match=reason):
        clinic.changing(booked, changes)
    assert clinic.changing(booked, {}).given_back == clinic.changing(booked, None).given_back


def test_who_never_booked_cannot_cancel(clinic):
    booked = clinic.book(asks())
    clinic.reset()
    with pytest.raises(BookingNotFound):
        clinic.changing(booked, None)


# --- choosing -------------------------------------------------------------------------------------


def test_whoever_is_free_is_chosen_as_long_as_anybody_is(clinic):
    ended = [clinic.book(asks(resource_id=None, products=(KIT,)), "skip_locked") for _ in range(3)]

    assert [one.request.resource_id for one in ended] == [1, 2, None]
    assert ended[2].message == "Nobody at branch 1 is free at that time; choose another one."
    assert clinic.stock() == 1
    clinic.book(asks(resource_id=2, starts_at=TEN, ends_at=ELEVEN, products=(KIT,)))
    empty = clinic.book(asks(resource_id=None, starts_at=TEN, ends_at=ELEVEN, products=(KIT,)),
                        "skip_locked")  # fmt: skip
    assert empty.message == "Product 1: 0 left at branch 1, and 1 were asked for."
    assert clinic.findings() == []


def test_what_others_have_locked_is_passed_over(clinic):
    rival = clinic.open_session()
    rival.begin()
    rival.execute("SELECT FROM slot_resources WHERE (tenant_id, resource_id) = (1, 1) FOR UPDATE")

    assert clinic.book(asks(resource_id=None), "skip_locked").request.resource_id == 2
    # At the other branch, nobody else works.
    busy = clinic.lab.registry.get("skip_locked")
    for request in (asks(resource_id=None, branch_id=2), asks()):
        assert _once(clinic, busy, request).code == "busy"
    rival.execute("SELECT FROM slot_product_branches WHERE tenant_id = 1 FOR UPDATE")
    assert _once(clinic, busy, asks(resource_id=None, starts_at=TEN, ends_at=ELEVEN,
                                    products=(KIT,))).code == "busy"  # fmt: skip
    rival.rollback()


def _once(clinic, entry, request):
    wish = clinic.wish(entry.name)
    return clinic.lab.engine.book(
        SLOTS, request, type(wish)(TRACE, (entry, entry.create({"attempts": 1})))
    )


@pytest.mark.parametrize("changes", [{"tenant_id": 9}, {"branch_id": 9}, {"service_id": 9},
                                     {"products": (Product(9),)}])  # fmt: skip
def test_nobody_is_chosen_for_what_is_not_there(clinic, changes):
    with pytest.raises(NotFound):
        clinic.book(asks(**{"resource_id": None, **changes}), "skip_locked")


def test_others_do_not_choose(clinic):
    with pytest.raises(InvalidRequest, match="name what you want to book"):
        clinic.book(asks(resource_id=None), "pessimistic")


# --- the pure functions ---------------------------------------------------------------------------


def test_the_pure_functions_foretell_what_the_database_says(clinic):
    wishes = [
        asks(products=(KIT, BRUSH)),
        asks(starts_at=TEN, ends_at=ELEVEN, products=(Product(1, 2),)),
        asks(resource_id=2, products=(BRUSH,)),
        asks(resource_id=2, branch_id=1, starts_at=TEN, ends_at=ELEVEN),
    ]
    with clinic.lab.connector.session() as session:
        state = SLOTS.read_all(session, wishes)
        fresh = SLOTS.fresh(wishes, SLOTS.opening(session, "1"))
        assert (fresh.reserved, fresh.stock_levels) == (state.reserved, state.stock_levels)
        for wish in wishes:
            request = clinic.begun(wish)
            change = SLOTS.decide(state, request)
            state = SLOTS.apply(state, request, change)
            SLOTS.write(session, request, change)
            assert SLOTS.read_all(session, wishes) == state
        for number, changes in enumerate([None, None, {"resource_id": 1}, {"resource_id": 1}]):
            request = clinic.begun(SLOTS.changing(session, wishes[number].id, changes))
            change = SLOTS.decide(state, request)
            state = SLOTS.apply(state, request, change)
            SLOTS.write(session, request, change)
            assert SLOTS.read_all(session, wishes) == state
        hash(state)


def test_only_what_a_request_touches_is_read(clinic):
    clinic.book(asks(starts_at=TEN, ends_at=ELEVEN))
    clinic.book(asks(resource_id=2, products=(BRUSH,)))
    with clinic.lab.connector.session() as session:
        state = SLOTS.read(session, asks(products=(KIT,)))
        assert str(state) == "3 left of product 1 at branch 1"
        overlapping = SLOTS.read(session, asks(ends_at=TEN + timedelta(minutes=1)))
    [reserved] = overlapping.reserved
    assert (reserved.resource_id, reserved.starts_at, reserved.ends_at) == (1, TEN, ELEVEN)
    assert overlapping.stock_levels == ()


def test_all_that_changes_is_an_anchor(clinic):
    booked = clinic.book(asks(products=(BRUSH, KIT)))
    clinic.ask("UPDATE slot_product_branches SET stocked = 3, stock = 3 WHERE branch_id = 2")
    names = [anchor.name for anchor in SLOTS.anchors(booked.request)]
    # In the order of the request, for those who lock in that order and can wait for each other.
    assert names == [
        "slot_product_branches:1:1:2",
        "slot_product_branches:1:1:1",
        "slot_resources:1:1",
    ]
    moved = clinic.changing(booked, {"branch_id": 2, "resource_id": 2})
    assert {anchor.name for anchor in SLOTS.anchors(moved)} == {
        *names, "slot_product_branches:1:2:1", "slot_product_branches:1:2:2", "slot_resources:1:2"
    }  # fmt: skip
    assert SLOTS.anchors(asks(resource_id=None)) == []
    clinic.ask("UPDATE slot_product_branches SET stocked = 0, stock = 0 WHERE branch_id = 2")


# --- what the lab shows ---------------------------------------------------------------------------


def test_a_booking_is_listed_with_all_there_is_to_it(clinic):
    booked = clinic.book(asks(products=(BRUSH, Product(1, 2))))
    with clinic.lab.connector.session() as session:
        assert SLOTS.available(session) == {"1": 3, "2": 6}
        [row] = session.execute(f"SELECT * FROM ({SLOTS.listing}) AS listed")
    booking, scope, subject, customer, status, created_at, details = row
    assert str(booking) == str(booked.request.id)
    assert (scope, subject, customer, status) == ("1", "resource 1", "anna", "confirmed")
    assert created_at.tzinfo
    times = details.pop("starts_at"), details.pop("ends_at")
    assert [at(moment) for moment in times] == [NINE, TEN]
    assert details == {
        "tenant_id": 1,
        "branch_id": 1,
        "resource_id": 1,
        "service_id": 1,
        "price": "80.00",
        "products": [{"product_id": 1, "quantity": 2}, {"product_id": 2, "quantity": 1}],
    }


@pytest.mark.parametrize(
    ("tampering", "anomalies"),
    [
        ("INSERT INTO slot_reservations (attempt_id, tenant_id, resource_id, branch_id, service_id,"
         " during, customer_id, price) SELECT gen_random_uuid(), tenant_id, resource_id, 2, 1,"
         " tstzrange(lower(during) - interval '1 hour', upper(during)), 'eve', 0"
         " FROM slot_reservations", {Anomaly.OVERLAP, Anomaly.ORPHAN}),
        ("UPDATE slot_product_branches SET stock = stock + 1", {Anomaly.LOST_UPDATE}),
        ("UPDATE slot_product_branches SET stock = stock - 1",
         {Anomaly.LOST_UPDATE, Anomaly.OVERSELL}),
        ("UPDATE slot_reservation_products SET quantity = 4",
         {Anomaly.LOST_UPDATE, Anomaly.OVERSELL}),
        ("DELETE FROM slot_reservations", {Anomaly.LOST_BOOKING, Anomaly.LOST_UPDATE}),
        (
            "UPDATE slot_reservations SET status = 'cancelled'",
            {Anomaly.LOST_UPDATE, Anomaly.ORPHAN},
        ),
    ],
)  # fmt: skip
def test_what_disagrees_is_found(clinic, tampering, anomalies):
    clinic.book(asks(products=(Product(1, 3),)))
    assert clinic.findings() == []

    clinic.ask(tampering)

    found = clinic.findings()
    assert {finding.anomaly for finding in found} == anomalies
    assert {finding.scope for finding in found} <= {"1", "2"}


@pytest.mark.parametrize(
    "during",
    [
        "empty",
        "(2030-01-07,2030-01-08)",
        "[2030-01-07,2030-01-08]",
        "[2030-01-07,)",
        "(,2030-01-07)",
        "[2030-01-07,2030-01-09)",
    ],
)
def test_the_table_takes_half_open_times_alone(clinic, during):
    clinic.book(asks())
    with pytest.raises(psycopg2.errors.CheckViolation), psycopg2.connect(
        clinic.lab.settings.database_url
    ) as raw, raw.cursor() as cursor:  # fmt: skip
        cursor.execute("UPDATE slot_reservations SET during = %s", (during,))
    raw.close()


def test_bookings_hold_whatever_zone_the_server_shows(clinic):
    booked = clinic.book(asks())
    raw = clinic.lab.connector.connect()
    with raw.cursor() as cursor:
        cursor.execute("SET TimeZone = 'America/St_Johns'")
    session = PostgresSession(raw)
    [reserved] = SLOTS.read(session, asks()).reserved
    assert reserved.starts_at == NINE
    assert reserved.starts_at.tzinfo is UTC
    moved = SLOTS.changing(session, booked.request.id, {"ends_at": ELEVEN})
    assert moved.given_back == clinic.changing(booked, None).given_back
    assert moved.starts_at.utcoffset() == timedelta(0)
    raw.close()
