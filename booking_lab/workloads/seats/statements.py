"""The statements of seats.

Seats and booking change in one statement: neither can stand without the other. The seats' rows are
locked in the order of their numbers, so that within a write two baskets can't wait for each other.
The version moves in every strategy's writes, so that optimistic bookers notice them.
"""

from __future__ import annotations

READ = """
SELECT seat_number, holder::text, booked_by FROM seats
WHERE event_id = %(event_id)s AND seat_number = ANY(%(touched)s) ORDER BY seat_number
"""

#: True unless the seat's state stands in the way.
_ALLOWED = """bool_and(
    CASE WHEN seat_number = ANY(%(given_back)s) THEN holder = %(holder)s::uuid
    ELSE NOT is_booked END)"""

_CHANGE = """
WITH locked AS MATERIALIZED (
    SELECT event_id, seat_number, is_booked, holder, booked_by, generation FROM seats
    WHERE event_id = %(event_id)s AND seat_number = ANY(%(touched)s)
    ORDER BY seat_number FOR UPDATE
), verdict AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE generation <= %(generation)s) = cardinality(%(touched)s)
        AND {condition} AS good FROM locked
), {seat}
SELECT seat_number, holder::text, booked_by, generation <= %(generation)s, good,
       (SELECT min(id) FROM booking)
FROM locked, verdict ORDER BY seat_number
"""

_BOOK = """
seat AS (
    UPDATE seats SET is_booked = true, booked_by = %(customer_id)s, holder = %(holder)s::uuid,
        booked_at = clock_timestamp(), version = version + 1
    FROM verdict
    WHERE good AND event_id = %(event_id)s AND seat_number = ANY(%(touched)s)
    RETURNING event_id, seat_number
), booking AS (
    INSERT INTO bookings (attempt_id, event_id, seat_number, basket, customer_id, guarded)
    SELECT %(holder)s::uuid, event_id, seat_number, %(seats)s, %(customer_id)s, {guarded}
    FROM seat ORDER BY seat_number RETURNING id
)
"""

# Counting the old rows makes them go before the new ones come: a seat may be in both.
_MOVE = """
seat AS (
    UPDATE seats SET is_booked = taken, booked_by = CASE WHEN taken THEN %(customer_id)s END,
        holder = CASE WHEN taken THEN %(holder)s::uuid END,
        booked_at = CASE WHEN taken THEN clock_timestamp() END, version = version + 1
    FROM verdict, (
        SELECT one, one = ANY(%(seats)s) AS taken FROM unnest(%(touched)s) AS one) AS asked
    WHERE good AND event_id = %(event_id)s AND seat_number = one
    RETURNING event_id, seat_number, taken
), gone AS (
    UPDATE bookings
    SET status = CASE WHEN cardinality(%(seats)s::text[]) = 0 THEN 'cancelled' ELSE 'moved' END
    FROM verdict WHERE good AND attempt_id = %(holder)s::uuid AND status = 'confirmed'
    RETURNING id
), come AS (
    INSERT INTO bookings (attempt_id, event_id, seat_number, basket, customer_id, guarded)
    SELECT %(holder)s::uuid, event_id, seat_number, %(seats)s, %(customer_id)s, {guarded}
    FROM seat WHERE taken AND (SELECT count(*) FROM gone) >= 0 ORDER BY seat_number RETURNING id
), booking AS (
    SELECT id FROM bookings WHERE attempt_id = %(holder)s::uuid
)
"""


def write(*, moves: bool, if_allowed: bool = False, guarded: bool = False) -> str:
    """Return the statement that makes the change; each seat comes back as it was before.

    Its rows: the seat, who held it and under which name, whether it belongs to a time before the
    last reset, whether the change was made, the id of the booking's first row.

    Args:
        moves: for a booking that is moved or cancelled; else for a new one.
        if_allowed: only if the seats' state allows it; else whoever has them.
        guarded: as rows that the unique index looks at.
    """
    seat = (_MOVE if moves else _BOOK).format(guarded=guarded)
    return _CHANGE.format(condition=_ALLOWED if if_allowed else "true", seat=seat)


#: New bookings, all in one statement; those of seats that were reset since are left out.
WRITE_ALL = """
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(bookings)s) AS asked (
        holder uuid, event_id integer, seat_number text, basket text[], customer_id text,
        generation bigint)
), locked AS MATERIALIZED (
    SELECT event_id, seat_number FROM seats JOIN asked USING (event_id, seat_number)
    WHERE seats.generation <= asked.generation ORDER BY seat_number FOR UPDATE OF seats
), seat AS (
    UPDATE seats SET is_booked = true, booked_by = asked.customer_id, holder = asked.holder,
        booked_at = clock_timestamp(), version = version + 1
    FROM locked JOIN asked USING (event_id, seat_number)
    WHERE seats.event_id = locked.event_id AND seats.seat_number = locked.seat_number
    RETURNING asked.holder, seats.event_id, seats.seat_number, basket, asked.customer_id
)
INSERT INTO bookings (attempt_id, event_id, seat_number, basket, customer_id)
SELECT * FROM seat ORDER BY seat_number RETURNING attempt_id::text, id
"""

#: The best seats that nobody has locked, or those named; and how many are free in all.
CHOOSE = """
WITH chosen AS (
    SELECT seat_number FROM seats
    WHERE event_id = %(event_id)s AND {which} ORDER BY id LIMIT %(many)s FOR UPDATE SKIP LOCKED
)
SELECT array(SELECT seat_number FROM chosen),
       (SELECT count(*) FROM seats WHERE event_id = %(event_id)s AND {which})
"""

RESET = """
UPDATE seats
SET is_booked = false, booked_by = NULL, holder = NULL, booked_at = NULL, version = version + 1,
    generation = %(generation)s
WHERE event_id = %(scope)s::integer
"""
CLEAR = """
WITH gone AS (DELETE FROM bookings WHERE event_id = %(scope)s::integer RETURNING attempt_id)
SELECT count(DISTINCT attempt_id) FROM gone
"""
AVAILABLE = """
SELECT event_id::text, count(*) FILTER (WHERE NOT is_booked) FROM seats GROUP BY event_id
"""
LOOK_UP = """
SELECT event_id, customer_id, array_agg(seat_number ORDER BY seat_number),
       bool_and(status = 'cancelled')
FROM bookings WHERE attempt_id = %(booking)s::uuid AND status <> 'moved'
GROUP BY event_id, customer_id
"""
