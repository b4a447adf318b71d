"""Tenants: nothing of one is seen, blocked or changed by another, though all numbers are equal."""

import re

import psycopg2
import pytest

from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.errors import LockTimeout
from tests.faults.gate import Gate
from tests.workloads.clinic import BRUSH, ELEVEN, KIT, NINE, SLOTS, STRATEGIES, TEN, asks


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", [StepKind.WRITE, StepKind.COMMIT])
def test_a_tenant_does_not_wait_for_another_ones_booking(clinic, strategy, kind):
    gate = Gate(kind)
    # Whatever locks, versions and rows this one has by then, it keeps while it stands there.
    theirs = clinic.begin(asks(products=(KIT, BRUSH)), strategy, gate)
    gate.reached()

    ours = clinic.book(asks(tenant_id=2, products=(KIT, BRUSH)), strategy)

    # Nobody lets the other one go on meanwhile: who waits for it would run out of time.
    assert (ours.outcome, ours.tries) == (Outcome.CONFIRMED, 1)
    assert not theirs.done()
    gate.open()
    assert theirs.result().outcome is Outcome.CONFIRMED
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_tenant_does_not_see_another_ones_booking(clinic, strategy):
    for tenant in (1, 2):
        booked = clinic.book(asks(tenant_id=tenant, products=(KIT,)), strategy)
        assert booked.outcome is Outcome.CONFIRMED
    assert (clinic.stock(tenant=1), clinic.stock(tenant=2)) == (2, 2)

    clinic.book(clinic.changing(booked, {"starts_at": TEN, "ends_at": ELEVEN}), strategy)
    clinic.book(clinic.changing(booked, None), strategy)

    assert (clinic.stock(tenant=1), clinic.stock(tenant=2)) == (2, 3)
    assert (clinic.confirmed(1), clinic.confirmed(2)) == (["anna"], [])
    assert clinic.findings() == []


def test_whoever_is_free_is_one_of_the_own(clinic):
    for _ in range(2):
        clinic.book(asks(resource_id=None), "skip_locked")
    rival = clinic.open_session()
    rival.begin()
    rival.execute("SELECT FROM slot_resources WHERE tenant_id = 1 FOR UPDATE")
    rival.execute("SELECT FROM slot_product_branches WHERE tenant_id = 1 FOR UPDATE")

    ours = clinic.book(asks(tenant_id=2, resource_id=None, products=(KIT,)), "skip_locked")

    assert (ours.outcome, ours.request.resource_id) == (Outcome.CONFIRMED, 1)
    rival.rollback()


@pytest.mark.parametrize(("own", "other"), [(1, 2), (2, 1)])
def test_what_is_chosen_is_locked_with_the_own_tenant_alone(clinic, own, other):
    choosing, rival = clinic.open_session(), clinic.open_session()
    choosing.begin()
    chosen = SLOTS.choose(choosing, asks(tenant_id=own, resource_id=None, products=(KIT,)))
    assert chosen.resource_id == 1

    for table in ("slot_resources", "slot_product_branches"):
        lock = f"SELECT FROM {table} WHERE tenant_id = {{}} FOR UPDATE NOWAIT"
        rival.execute(lock.format(other))
        with pytest.raises(LockTimeout):
            rival.execute(lock.format(own))


def test_a_tenant_reads_nothing_of_another(clinic):
    clinic.book(asks(products=(KIT,)))
    with clinic.lab.connector.session() as session:
        ours = SLOTS.read(session, asks(tenant_id=2, products=(KIT,)))
    assert str(ours) == "3 left of product 1 at branch 1"


@pytest.mark.parametrize("way", ["write", "write_if", "claim", "write_all"])
def test_no_write_of_a_tenant_touches_another(clinic, way):
    clinic.book(asks(products=(KIT,)))
    before = _rows_of_tenant_1(clinic)
    request = clinic.begun(asks(tenant_id=2, products=(KIT,)))
    session = clinic.open_session()
    change = SLOTS.decide(SLOTS.read(session, request), request)

    if way == "write_all":
        SLOTS.write_all(session, [(request, change)])
    else:
        getattr(SLOTS, way)(session, request, *([] if way == "write_if" else [change]))
    for changes in ({"starts_at": NINE.replace(hour=8)}, {"resource_id": 2}, None):
        changed = clinic.begun(SLOTS.changing(session, request.id, changes))
        SLOTS.write_if(session, changed)

    assert _rows_of_tenant_1(clinic) == before
    assert clinic.stock(tenant=2) == 3


def test_a_reset_of_a_tenant_leaves_the_others_alone(clinic):
    for tenant in (1, 2):
        clinic.book(asks(tenant_id=tenant, products=(KIT,)))
    before = _rows_of_tenant_1(clinic)
    rival = clinic.open_session()
    rival.begin()
    rival.execute("SELECT FROM slot_resources WHERE tenant_id = 1 FOR UPDATE")

    assert clinic.reset("2") == 1

    rival.rollback()
    assert _rows_of_tenant_1(clinic) == before
    assert (clinic.stock(tenant=2), clinic.confirmed(2)) == (3, [])
    assert clinic.findings() == []


def test_what_is_wrong_is_wrong_with_one_tenant(clinic):
    clinic.race([asks(products=(KIT,), customer_id=str(n)) for n in range(4)], "none")
    assert {(one.scope, one.anomaly) for one in clinic.findings()} == {
        ("1", "overlap"), ("1", "oversell")
    }  # fmt: skip
    assert {one["scope"] for one in clinic.violations()} == {"1"}


def _rows_of_tenant_1(clinic):
    tables = ("resources", "product_branches", "reservations", "reservation_products")
    query = "SELECT to_jsonb(one) FROM slot_{} AS one WHERE tenant_id = 1 ORDER BY one::text"
    return [clinic.ask(query.format(table)) for table in tables]


def test_every_key_begins_with_the_tenant(clinic):
    keys = clinic.ask("""
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid::regclass::text LIKE 'slot\\_%' AND contype IN ('p', 'u', 'x')
    """)
    others = {name for _, name, text in keys if "(tenant_id" not in text.split(",")[0]}
    # The exception is the id that the lab gives to each booking, in which tenants have no part.
    assert others == {"slot_reservations_attempt_id_key"}
    assert len(keys) == 12


def test_no_row_can_refer_to_another_tenant(clinic):
    references = clinic.ask("""
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid::regclass::text LIKE 'slot\\_%' AND contype = 'f'
    """)
    assert len(references) == 14
    for _, name, text in references:
        assert re.match(r"FOREIGN KEY \(tenant_id.*\) REFERENCES slot_\w+\(tenant_id", text), name


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO slot_resource_branches VALUES (2, 7, 1)",
        "INSERT INTO slot_resource_branches VALUES (2, 1, 7)",
        "INSERT INTO slot_service_branches VALUES (2, 7, 1, 10)",
        "INSERT INTO slot_product_branches (tenant_id, branch_id, product_id, stocked, stock)"
        " VALUES (2, 1, 7, 1, 1)",
        "UPDATE slot_reservations SET resource_id = 7",
        "UPDATE slot_reservations SET branch_id = 7",
        "UPDATE slot_reservations SET service_id = 7",
        "UPDATE slot_reservations SET tenant_id = 1",
        "UPDATE slot_reservation_products SET product_id = 7",
        "UPDATE slot_reservation_products SET tenant_id = 1",
    ],
)
def test_what_only_another_tenant_has_cannot_be_named(clinic, statement):
    """Number 7 of everything is tenant 1's alone."""
    raw = clinic.lab.connector.connect()
    raw.autocommit = False
    clinic.book(asks(tenant_id=2, products=(KIT,)))
    with raw.cursor() as cursor:
        cursor.execute("""
            INSERT INTO slot_branches VALUES (1, 7, 'Seven', 'UTC');
            INSERT INTO slot_resources VALUES (1, 7, 'Seven');
            INSERT INTO slot_resource_branches VALUES (1, 7, 7), (1, 7, 1), (1, 1, 7);
            INSERT INTO slot_services VALUES (1, 7, 'Seven', 7);
            INSERT INTO slot_products VALUES (1, 7, 'Seven');
        """)
        with pytest.raises(psycopg2.errors.ForeignKeyViolation):
            cursor.execute(statement)
    raw.close()
