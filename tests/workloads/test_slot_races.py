"""Many customers for the same time, the same products, the same booking; and resets in between."""

import json
from dataclasses import replace

import pytest

from booking_lab.core.booking import Outcome
from booking_lab.core.step import StepKind
from booking_lab.errors import Overlaps, SoldOut, Superseded
from booking_lab.observers.barrier import ReleaseReason
from booking_lab.workloads.slots import Product
from booking_lab.workloads.slots.calendar import SlotChange
from tests.faults.gate import Gate
from tests.workloads.clinic import (
    ELEVEN,
    KIT,
    NINE,
    SAFE,
    SLOTS,
    STRATEGIES,
    TEN,
    TRACE,
    UNSAFE,
    asks,
    crowd,
    snapshot,
)
from tests.workloads.connections import lent

ALLOWED = {"one slot": {"overlap"}, "last product": {"oversell"}}
BOTH = {"overlap", "oversell"}


def test_without_protection_all_ten_get_one_time_every_time(clinic):
    for _ in range(5):
        ended = clinic.race(crowd(10, products=(KIT,)), "none")

        assert (ended.confirmed, ended.release_reason) == (10, ReleaseReason.FILLED)
        assert clinic.stock() == -7
        assert clinic.anomalies() == BOTH
        assert clinic.reset() == 10
        assert (clinic.stock(), clinic.findings()) == (3, [])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("which", ["one slot", "last product", "slot and products"])
def test_one_of_many_is_served(clinic, strategy, which):
    [scenario] = [one for one in SLOTS.scenarios(5) if one.name == which]
    clinic.ask(scenario.seed)
    clinic.reset(scenario.scope)

    ended = clinic.race(scenario.requests, strategy)

    losers = {one.code for one in ended.bookings if one.outcome is not Outcome.CONFIRMED}
    if strategy in UNSAFE:
        assert ended.confirmed == 5
        assert clinic.anomalies() == ALLOWED.get(which, BOTH)
    else:
        assert ended.confirmed == 1
        assert losers == {"sold_out" if which == "last product" else "overlaps"}
        assert clinic.findings() == []
        assert clinic.violations() == []


def test_on_snapshots_times_overlap_and_stock_holds(clinic, tmp_path):
    wish = snapshot(tmp_path)

    ended = clinic.race(crowd(4), wish)
    assert (ended.confirmed, clinic.anomalies()) == (4, {"overlap"})
    clinic.reset()

    # Each takes units of one row, so that the snapshot of all but one is out of date.
    ended = clinic.race([asks(resource_id=n, products=(Product(1, 2),)) for n in (1, 2)], wish)
    assert ended.confirmed == 1
    assert clinic.stock() == 1
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_many_cancel_one_booking(clinic, strategy):
    booked = clinic.book(asks(products=(Product(1, 2),)), strategy)

    ended = clinic.race([clinic.changing(booked, None) for _ in range(5)], strategy)

    assert clinic.confirmed() == []
    assert ended.confirmed == 1
    assert {one.code for one in ended.bookings} == {"", "not_held"}
    assert (clinic.stock(), clinic.findings()) == (3, [])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_booking_is_moved_by_two_and_cancelled_by_a_third(clinic, strategy):
    booked = clinic.book(asks(products=(KIT,)), strategy)
    changes = [{"resource_id": 2}, {"starts_at": TEN, "ends_at": ELEVEN}, None]

    ended = clinic.race([clinic.changing(booked, one) for one in changes], strategy)

    assert sorted(one.code for one in ended.bookings) == ["", "not_held", "not_held"]
    assert clinic.findings() == []


@pytest.mark.parametrize("strategy", SAFE)
def test_two_want_what_the_other_has(clinic, strategy):
    """Both calendars change in both moves; neither waits for ever, and nothing overlaps."""
    bookings = [clinic.book(asks(resource_id=n, customer_id=str(n)), strategy) for n in (1, 2)]

    moves = [clinic.changing(bookings[n], {"resource_id": 2 - n}) for n in (0, 1)]
    ended = clinic.race(moves, strategy)

    assert ended.confirmed == 0
    assert {one.code for one in ended.bookings} == {"overlaps"}
    assert sorted(clinic.confirmed()) == ["1", "2"]
    assert clinic.findings() == []


def test_whoever_was_booked_between_the_look_and_the_lock_is_passed_over(clinic):
    """A view makes the choice stop once it has begun to look at who is free."""
    rival, choosing = clinic.open_session(), clinic.open_session()
    booking = decided(clinic, asks())
    clinic.ask("""
        ALTER TABLE slot_resource_branches RENAME TO works;
        CREATE VIEW slot_resource_branches AS
        SELECT works.* FROM (SELECT pg_advisory_xact_lock(7)) AS stop, works
    """)
    try:
        rival.begin()
        rival.execute("SELECT pg_advisory_xact_lock(7)")
        waiting = clinic.waiting(lambda: SLOTS.choose(choosing, asks(resource_id=None)))
        SLOTS.write(rival, *booking)
        rival.commit()
        assert waiting.result().resource_id == 2
    finally:
        clinic.ask("""
            DROP VIEW slot_resource_branches;
            ALTER TABLE works RENAME TO slot_resource_branches
        """)


def test_an_overlap_says_who_when_and_where(clinic):
    clinic.race(crowd(3), "none")
    clinic.book(asks(starts_at=ELEVEN, ends_at=ELEVEN.replace(hour=12), customer_id="alone"))

    [found] = clinic.violations()

    assert (found["anomaly"], found["scope"], found["subject"]) == ("overlap", "1", "resource 1")
    assert (found["tenant_id"], found["resource_id"], found["booking_count"]) == (1, 1, 3)
    assert sorted(found["customers"]) == ["customer_0", "customer_1", "customer_2"]
    begins = set()
    for one in found["bookings"]:
        assert (one["strategy"], one["trace_id"], one["branch_id"]) == ("none", TRACE, 1)
        assert one["worker"]
        assert one["created_at"]
        begins.add(one["starts_at"])
    assert len(begins) == 3
    json.dumps(found)
    [finding] = clinic.findings()
    assert finding.subject == "resource 1"
    assert finding.detail.startswith("confirmed to customer_")


def test_two_overlaps_of_one_resource_are_two(clinic):
    clinic.race(crowd(2), "none")
    clinic.race([asks(starts_at=ELEVEN, ends_at=ELEVEN.replace(hour=12)) for _ in range(2)], "none")
    assert [one["booking_count"] for one in clinic.violations()] == [2, 2]
    # One that begins before both and reaches into both makes them one.
    with clinic.lab.connector.session() as session:
        SLOTS.write(session, *decided(clinic, asks(starts_at=NINE.replace(hour=8),
                                                   ends_at=ELEVEN.replace(minute=1))))  # fmt: skip
    assert [one["booking_count"] for one in clinic.violations()] == [5]


def test_an_oversell_says_who_when_and_where(clinic):
    requests = [asks(resource_id=n, products=(Product(1, 2),), customer_id=str(n)) for n in (1, 2)]
    clinic.race(requests, "none")

    [found] = clinic.violations()

    assert (found["anomaly"], found["scope"]) == ("oversell", "1")
    assert found["subject"] == "product 1 at branch 1"
    assert (found["stocked"], found["taken"], found["left"]) == (3, 4, -1)
    assert sorted(found["customers"]) == ["1", "2"]
    for one in found["bookings"]:
        assert (one["quantity"], one["strategy"], one["trace_id"]) == (2, "none", TRACE)
    json.dumps(found)


# --- what the statements wait for, and what they don't --------------------------------------------


def decided(clinic, request):
    """A request that has begun, and the change decided for it on calendars that are empty."""
    request = clinic.begun(request)
    with clinic.lab.connector.session() as session:
        empty = SLOTS.read(session, request)
    return request, SLOTS.decide(replace(empty, reserved=()), request)


@pytest.mark.parametrize("rival", STRATEGIES)
def test_an_optimistic_booking_notices_what_others_take_from_the_stock(clinic, rival):
    gate = Gate(StepKind.WRITE)
    booking = clinic.begin(asks(products=(Product(1, 3),)), "optimistic", gate)
    gate.reached()

    assert clinic.book(asks(resource_id=2, products=(KIT,)), rival).outcome is Outcome.CONFIRMED
    gate.open()

    assert (booking.result().code, booking.result().tries) == ("sold_out", 2)
    assert clinic.findings() == []


def test_two_writes_that_overlap_do_not_meet(clinic):
    """The phantom: each inserts a row of its own, and none waits for the other."""
    with_locks = [clinic.open_session() for _ in range(2)]
    for session, request in zip(with_locks, crowd(2), strict=True):
        session.execute("SET lock_timeout = '1ms'")
        session.begin()
        SLOTS.write(session, *decided(clinic, request))
    for session in with_locks:
        session.commit()
    assert clinic.anomalies() >= {"overlap"}


@pytest.mark.parametrize("change", ["version = version + 1", "fence = fence + 1"])
def test_a_write_does_not_wait_for_who_has_updated_the_resource(clinic, change):
    """Else a strategy that checks its token or version too late would be safe by this lock."""
    rival, session = clinic.open_session(), clinic.open_session()
    rival.begin()
    rival.execute(f"UPDATE slot_resources SET {change} WHERE tenant_id = 1")
    session.execute("SET lock_timeout = '1ms'")
    SLOTS.write(session, *decided(clinic, asks()))
    rival.commit()
    assert clinic.confirmed() == ["anna"]


def test_a_conditional_write_sees_what_it_has_waited_for(clinic):
    """What was committed while it waited is newer than its own statement."""
    for first in ("write", "write_if", "claim"):
        rival, later = clinic.open_session(), clinic.open_session()
        request, change = decided(clinic, asks())
        rival.begin()
        rest = () if first == "write_if" else (change,)
        getattr(SLOTS, first)(rival, request, *rest)

        late = clinic.begun(asks(starts_at=NINE.replace(minute=59), ends_at=ELEVEN))
        waiting = clinic.waiting(lambda s=later, r=late: SLOTS.write_if(s, r))
        rival.commit()

        with pytest.raises(Overlaps, match="Resource 1 is reserved from 2030-01-07T08:00"):
            waiting.result()
        clinic.reset()


def test_a_conditional_write_goes_on_when_who_was_first_gives_up(clinic):
    rival, later = clinic.open_session(), clinic.open_session()
    rival.begin()
    SLOTS.write_if(rival, clinic.begun(asks(products=(Product(1, 3),))))
    late = clinic.begun(asks(products=(KIT,)))
    waiting = clinic.waiting(lambda: SLOTS.write_if(later, late))
    rival.rollback()
    assert waiting.result()
    assert clinic.stock() == 2


def test_a_conditional_write_counts_what_is_left_by_then(clinic):
    rival, later = clinic.open_session(), clinic.open_session()
    rival.begin()
    SLOTS.write_if(rival, clinic.begun(asks(products=(Product(1, 2),))))
    late = clinic.begun(asks(resource_id=2, products=(Product(1, 2),)))
    waiting = clinic.waiting(lambda: SLOTS.write_if(later, late))
    rival.commit()
    with pytest.raises(SoldOut, match="Product 1: 1 left at branch 1"):
        waiting.result()
    assert (clinic.stock(), clinic.confirmed()) == (1, ["anna"])


def test_a_write_takes_from_what_is_left_by_then(clinic):
    rival, later = clinic.open_session(), clinic.open_session()
    rival.begin()
    SLOTS.write(rival, *decided(clinic, asks(products=(Product(1, 2),))))
    late = decided(clinic, asks(resource_id=2, products=(Product(1, 2),)))
    waiting = clinic.waiting(lambda: SLOTS.write(later, *late))
    rival.commit()
    waiting.result()
    assert clinic.stock() == -1


def test_the_constraint_refuses_what_another_transaction_has_just_written(clinic):
    rival, later = clinic.open_session(), clinic.open_session()
    first, second = decided(clinic, asks()), decided(clinic, asks(ends_at=ELEVEN))
    rival.begin()
    SLOTS.claim(rival, *first)
    waiting = clinic.waiting(lambda: SLOTS.claim(later, *second))
    rival.commit()
    with pytest.raises(Overlaps, match="said the exclusion constraint"):
        waiting.result()


def test_who_waits_for_the_constraint_is_in_nobodys_way(clinic):
    """Had it inserted its row before it waits, the two would wait for each other."""
    first, later = clinic.open_session(), clinic.open_session()
    between = decided(clinic, asks(starts_at=NINE.replace(minute=30), ends_at=ELEVEN))
    first.begin()
    SLOTS.claim(first, *decided(clinic, asks()))
    waiting = clinic.waiting(lambda: SLOTS.claim(later, *between))

    first.execute("SET LOCAL lock_timeout = '1ms'")
    SLOTS.claim(first, *decided(clinic, asks(starts_at=TEN, ends_at=ELEVEN)))
    first.rollback()

    waiting.result()
    assert clinic.confirmed() == ["anna"]


def test_what_the_constraint_excludes_takes_nothing_along(clinic):
    session = clinic.open_session()
    late = decided(clinic, asks(products=(KIT,)))
    SLOTS.claim(session, *decided(clinic, asks()))
    with pytest.raises(Overlaps, match="said the exclusion constraint"):
        SLOTS.claim(session, *late)
    assert clinic.stock() == 3


def test_who_is_guarded_meets_nobody_and_others_on_the_same_tables_do(clinic):
    wishes = [decided(clinic, asks(products=(Product(1, 2),))) for _ in range(2)]
    session = clinic.open_session()
    SLOTS.claim(session, *wishes[0])
    for write in (SLOTS.claim, SLOTS.write):
        with pytest.raises(Overlaps, match="said the exclusion constraint"):
            write(session, replace(wishes[1][0], products=()), wishes[1][1])
        apart = decided(clinic, asks(resource_id=2, products=(KIT,)))
        with pytest.raises(SoldOut, match="said the check"):
            write(session, replace(apart[0], products=(Product(1, 2),)), apart[1])
    moved = decided(clinic, asks(resource_id=2))
    SLOTS.write(session, *moved)
    with pytest.raises(Overlaps, match="said the exclusion constraint"):
        SLOTS.write(session, *decided_to_move(clinic, moved[0], {"resource_id": 1}))
    assert (clinic.stock(), len(clinic.confirmed())) == (1, 2)
    clinic.reset()
    *unguarded, late = [decided(clinic, asks(products=(Product(1, 2),))) for _ in range(3)]
    for wish in unguarded:
        SLOTS.write(session, *wish)
    assert (clinic.stock(), len(clinic.confirmed())) == (-1, 2)
    with pytest.raises(Overlaps, match="said the exclusion constraint"):
        SLOTS.claim(session, replace(late[0], products=()), late[1])


def decided_to_move(clinic, request, changes):
    """A move as a booker has decided on it that saw nobody in its way."""
    with lent(clinic.lab) as session:
        return clinic.begun(SLOTS.changing(session, request.id, changes)), SlotChange("move")


def test_under_the_constraint_what_comes_back_to_an_empty_stock_is_taken(clinic):
    three = Product(1, 3)
    wishes = [asks(products=(three,)), asks(resource_id=2, products=(three,))]
    ended = clinic.race([*wishes, asks(starts_at=TEN, ends_at=ELEVEN, products=(three,))], "none")
    assert clinic.stock() == -6
    for booking, left in zip(ended.bookings, (-3, 0, 3), strict=True):
        assert clinic.book(clinic.changing(booking, None), "constraint").outcome == "confirmed"
        assert clinic.stock() == left
    assert clinic.findings() == []


# --- resets under way -----------------------------------------------------------------------------


def ways(clinic):
    """Every way to write, begun now."""
    booked = clinic.book(asks(resource_id=2))
    request, change = decided(clinic, asks(products=(KIT,)))
    cancel = clinic.begun(clinic.changing(booked, None))
    move = clinic.begun(clinic.changing(booked, {"starts_at": NINE.replace(hour=8)}))
    return {
        "write": lambda session: SLOTS.write(session, request, change),
        "write without products": lambda session: SLOTS.write(
            session, replace(request, products=()), change
        ),
        "write_if": lambda session: SLOTS.write_if(session, request),
        "claim": lambda session: SLOTS.claim(session, request, change),
        "write_all": lambda session: SLOTS.write_all(session, [(request, change)]),
        "write_all without products": lambda session: SLOTS.write_all(
            session, [(replace(request, products=()), change)]
        ),
        "move": lambda session: SLOTS.write(session, move, change),
        "move if": lambda session: SLOTS.write_if(session, move),
        "cancel": lambda session: SLOTS.write(session, cancel, change),
        "cancel, claimed": lambda session: SLOTS.claim(session, cancel, change),
    }


WAYS = ["write", "write without products", "write_if", "claim", "write_all",
        "write_all without products", "move", "move if", "cancel", "cancel, claimed"]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_began_before_a_reset_is_not_written_after_it(clinic, way):
    write = ways(clinic)[way]
    clinic.reset()

    with pytest.raises(Superseded, match="calendars were reset"):
        write(clinic.open_session())

    assert (clinic.stock(), clinic.confirmed()) == (3, [])


@pytest.mark.parametrize("way", WAYS)
def test_who_writes_while_a_reset_is_under_way_waits_and_is_turned_away(clinic, way):
    write = ways(clinic)[way]
    resetting, session = clinic.open_session(), clinic.open_session()
    [(generation,)] = clinic.ask("UPDATE lab SET generation = generation + 1 RETURNING generation")
    resetting.begin()
    SLOTS.reset(resetting, "1", generation)

    waiting = clinic.waiting(lambda: write(session))
    resetting.commit()

    with pytest.raises(Superseded, match="calendars were reset"):
        waiting.result()
    assert (clinic.stock(), clinic.confirmed()) == (3, [])


@pytest.mark.parametrize("way", WAYS)
def test_a_reset_waits_for_who_has_written_and_clears_that_too(clinic, way):
    write = ways(clinic)[way]
    session = clinic.open_session()
    session.begin()
    write(session)

    waiting = clinic.waiting(clinic.reset)
    session.commit()

    waiting.result()
    assert (clinic.stock(), clinic.confirmed()) == (3, [])
    assert clinic.ask("SELECT count(*) FROM slot_reservations") == [(0,)]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("kind", [StepKind.WRITE, StepKind.COMMIT])
def test_a_reset_meets_a_booking_under_way(clinic, strategy, kind):
    gate = Gate(kind)
    booking = clinic.begin(asks(products=(KIT,)), strategy, gate)
    gate.reached()
    clearing = clinic.background.submit(clinic.reset)
    # Either it waits for the booking's rows, or it is over before the booking goes on.
    while not (waits := clinic.somebody_waits()) and not clearing.done():
        pass
    gate.open()

    assert clearing.result() == (1 if waits else 0)
    ended = booking.result()
    told = (Outcome.CONFIRMED, "") if waits else (Outcome.CONFLICT, "reset")
    assert (ended.outcome, ended.code) == told
    assert waits or kind is StepKind.WRITE
    assert (clinic.stock(), clinic.confirmed()) == (3, [])
    assert clinic.findings() == []
