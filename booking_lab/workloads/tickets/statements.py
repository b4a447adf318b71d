"""The statements of tickets.

Counter and booking change in one statement: neither can stand without the other. Tickets are taken
from the counter as it is by then, so that no decrement gets lost; what can go wrong is that there
were none left. The version moves in every strategy's writes, so that optimistic bookers notice.

The event's row always comes before the booking's, so that no two can wait for each other.
"""

from __future__ import annotations

READ = """
(SELECT id::text, available_tickets, ticket_price FROM ticket_events
WHERE id = ANY(%(events)s) ORDER BY id)
"""
#: Goes on with what the bookings to be changed hold; these rows have no price.
AND_HELD = """
UNION ALL
(SELECT attempt_id::text, quantity, NULL FROM ticket_bookings
WHERE attempt_id = ANY(%(replaced)s::uuid[]) AND booking_status = 'confirmed' ORDER BY attempt_id)
"""

_TAKE = """
UPDATE ticket_events SET available_tickets = available_tickets - %(taken)s,
    version = version + 1, guarded = {guarded}"""
_FREELY = f"""
WITH event AS ({_TAKE}
    WHERE id = %(event_id)s AND generation <= %(generation)s
    RETURNING id, ticket_price)
"""
_IF_ALLOWED = f"""
WITH locked AS MATERIALIZED (
    SELECT available_tickets AS available, ticket_price AS price,
        generation <= %(generation)s AS current
    FROM ticket_events WHERE id = %(event_id)s FOR UPDATE
), held AS MATERIALIZED (
    {{held}}
), event AS ({_TAKE}
    FROM locked WHERE id = %(event_id)s AND current
        AND (%(taken)s <= 0 OR available >= %(taken)s)
        AND coalesce((SELECT quantity FROM held), 0) = %(given_back)s
    RETURNING id, ticket_price
), booking AS ({{booking}})
SELECT current, available, price, coalesce((SELECT quantity FROM held), 0),
    (SELECT id FROM booking)
FROM locked
"""
_HOLDS_NOTHING = "SELECT 0 AS quantity"
# Locked too: of a row that isn't, this would see what was there when the statement began.
_HOLDS = """
    SELECT quantity FROM ticket_bookings WHERE attempt_id = %(holder)s::uuid
    AND booking_status = 'confirmed' AND EXISTS (SELECT FROM locked) FOR UPDATE"""

_INTO = """
INSERT INTO ticket_bookings
    (attempt_id, event_id, user_email, quantity, unit_price, booking_status)
"""
_BOOK = f"""{_INTO}
SELECT %(holder)s::uuid, id, %(customer_id)s, %(quantity)s, ticket_price, 'confirmed' FROM event
RETURNING id
"""
_CHANGE = """
UPDATE ticket_bookings SET quantity = coalesce(nullif(%(quantity)s, 0), quantity),
    booking_status = CASE WHEN %(quantity)s > 0 THEN 'confirmed' ELSE 'cancelled' END,
    unit_price = event.ticket_price, updated_at = clock_timestamp()
FROM event WHERE attempt_id = %(holder)s::uuid RETURNING ticket_bookings.id
"""


def write(*, moves: bool, guarded: bool = False) -> str:
    """Return the statement that makes the change; its row is the booking's id.

    No row: the event's counter belongs to a time after the booking began.

    Args:
        moves: for a booking that is moved or cancelled; else for a new one.
        guarded: with the constraint looking at the counter.
    """
    return _FREELY.format(guarded=guarded) + (_CHANGE if moves else _BOOK)


def write_if(*, moves: bool) -> str:
    """Return the statement that makes the change if counter and booking allow it.

    Its row: whether the counter belongs to the time in which the booking began; the tickets left
    before, the price, what the booking held; the booking's id, null if the change wasn't made. No
    row: there is no such event.
    """
    held, booking = (_HOLDS, _CHANGE) if moves else (_HOLDS_NOTHING, _BOOK)
    return _IF_ALLOWED.format(held=held, booking=booking, guarded=False)


#: New bookings of one event, all in one statement; rows of the booking's uuid and id.
WRITE_ALL = f"""{_FREELY.format(guarded=False)} {_INTO}
SELECT holder, id, customer_id, quantity, ticket_price, 'confirmed' FROM event, json_to_recordset(
    %(bookings)s) AS asked (holder uuid, customer_id text, quantity integer)
RETURNING attempt_id::text, id
"""

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
