"""The statements of tickets.

Counter and booking change in one statement, so that they always agree. The statement subtracts from
the present value of the counter, so no decrement gets lost, but the counter can go below zero.
Every write raises the version, under every strategy, so that optimistic bookers notice it.

Statements lock the row of the event before that of the booking, so that no two wait for each other.
"""

from __future__ import annotations

from functools import cache, partial

from booking_lab.core.statement import Statement

_statement = partial(
    Statement,
    event_id="integer",
    events="integer[]",
    holder="uuid",
    replaced="text[]",
    customer_id="text",
    generation="bigint",
    quantity="integer",
    given_back="integer",
    taken="integer",
    bookings="json",
)

_READ = """
(SELECT id::text, available_tickets, ticket_price, false FROM ticket_events
WHERE id = ANY(%(events)s) ORDER BY id)
"""
READ = _statement(_READ)
#: The same, with the quantities and the paid amounts of the bookings to change.
READ_WITH_HELD = _statement(f"""{_READ}
UNION ALL
(SELECT attempt_id::text, quantity, total_amount, true FROM ticket_bookings
WHERE attempt_id = ANY(%(replaced)s::uuid[]) AND booking_status = 'confirmed' ORDER BY attempt_id)
""")

_TAKE = """
UPDATE ticket_events SET available_tickets = available_tickets - %(taken)s,
    version = version + 1, guarded = guarded OR {guarded}"""
_UNCHECKED = f"""
WITH event AS ({_TAKE}
    WHERE id = %(event_id)s AND generation <= %(generation)s
    RETURNING id, ticket_price)
"""
_LOCKED_WRITE = f"""
WITH locked AS MATERIALIZED (
    SELECT available_tickets AS available, ticket_price AS price,
        generation <= %(generation)s AS current
    FROM ticket_events WHERE id = %(event_id)s FOR UPDATE
), held AS MATERIALIZED (
    {{held}}
), event AS ({_TAKE}
    FROM locked WHERE id = %(event_id)s AND current AND {{condition}}
        AND coalesce((SELECT quantity FROM held), 0) = %(given_back)s
    RETURNING id, ticket_price
), booking AS ({{booking}})
SELECT current, available, price, coalesce((SELECT quantity FROM held), 0),
    (SELECT id FROM booking)
FROM locked
"""
_ENOUGH = "(%(taken)s <= 0 OR available >= %(taken)s)"
_HOLDS_NOTHING = "SELECT 0 AS quantity"
# The row is locked, because a statement sees an unlocked row as it was when the statement began.
_HOLDS = """
    SELECT quantity FROM ticket_bookings WHERE attempt_id = %(holder)s::uuid
    AND booking_status = 'confirmed' AND EXISTS (SELECT FROM locked) FOR UPDATE"""

_INTO = """
INSERT INTO ticket_bookings
    (attempt_id, event_id, user_email, quantity, total_amount, booking_status)
"""
_BOOK = f"""{_INTO}
SELECT %(holder)s::uuid, id, %(customer_id)s, %(quantity)s, %(quantity)s * ticket_price, 'confirmed'
FROM event RETURNING id
"""
# Added tickets have the present price, and returned tickets their average price. A cancelled
# booking keeps its values.
_CHANGE = """
UPDATE ticket_bookings SET quantity = coalesce(nullif(%(quantity)s, 0), quantity),
    total_amount = CASE WHEN %(quantity)s = 0 THEN total_amount
        WHEN %(taken)s < 0 THEN round(total_amount * %(quantity)s / quantity, 2)
        ELSE total_amount + %(taken)s * event.ticket_price END,
    booking_status = CASE WHEN %(quantity)s > 0 THEN 'confirmed' ELSE 'cancelled' END,
    updated_at = clock_timestamp()
FROM event WHERE attempt_id = %(holder)s::uuid RETURNING ticket_bookings.id
"""


@cache
def book(*, guarded: bool = False) -> Statement:
    """Return the statement that books without a check; its row is the booking's id.

    It returns no row if the event was reset after the booking began.

    Args:
        guarded: whether the counter becomes guarded.
    """
    return _statement(_UNCHECKED.format(guarded=guarded) + _BOOK)


#: Books if enough tickets are left. It makes the change that ``locked_write`` would make, at half
#: the cost. Its row has the same shape, but shows the counter as it was when the statement began.
#: After a wait for another booking, the row may show enough tickets and no booking id. Only
#: ``locked_write`` shows the state after that wait.
BOOK_IF_ENOUGH = _statement(f"""
WITH event AS ({_TAKE.format(guarded=False)}
    WHERE id = %(event_id)s AND generation <= %(generation)s AND available_tickets >= %(taken)s
    RETURNING id, ticket_price
), booking AS ({_BOOK})
SELECT generation <= %(generation)s, available_tickets, ticket_price, 0, (SELECT id FROM booking)
FROM ticket_events WHERE id = %(event_id)s
""")


@cache
def locked_write(*, moves: bool, if_allowed: bool, guarded: bool = False) -> Statement:
    """Return the statement that locks the rows, checks them, and makes the change.

    Its columns: whether the event was not reset after the booking began, the tickets left before,
    the price, the tickets that the booking held, and the booking's id, null if the change wasn't
    made. It returns no row if there is no such event.

    Args:
        moves: whether a booking is moved or cancelled, which has to hold the tickets that it gives
            back; otherwise the booking is new.
        if_allowed: whether enough tickets have to be left; otherwise they are not checked.
        guarded: whether the counter becomes guarded.
    """
    held, booking = (_HOLDS, _CHANGE) if moves else (_HOLDS_NOTHING, _BOOK)
    condition = _ENOUGH if if_allowed else "true"
    return _statement(
        _LOCKED_WRITE.format(held=held, booking=booking, condition=condition, guarded=guarded)
    )


#: New bookings of one event in one statement; the rows are pairs of uuid and id.
WRITE_ALL = _statement(f"""{_UNCHECKED.format(guarded=False)} {_INTO}
SELECT holder, id, customer_id, quantity, quantity * ticket_price, 'confirmed'
FROM event, json_to_recordset(
    %(bookings)s) AS asked (holder uuid, customer_id text, quantity integer)
RETURNING attempt_id::text, id
""")

RESET = """
UPDATE ticket_events
SET available_tickets = on_sale, version = version + 1, generation = %(generation)s, guarded = false
WHERE id = %(scope)s::integer
"""
CLEAR = """
WITH gone AS (DELETE FROM ticket_bookings WHERE event_id = %(scope)s::integer RETURNING 1)
SELECT count(*) FROM gone
"""
AVAILABLE = "SELECT id::text, available_tickets FROM ticket_events"
LOOK_UP = """
SELECT event_id, user_email, quantity, booking_status = 'cancelled'
FROM ticket_bookings WHERE attempt_id = %(booking)s::uuid
"""
