"""The statements of seats.

Seats and booking change in one statement, so that they always agree. The statement locks the rows
of the seats in the order of their numbers, and then those of the booking, so that two baskets can't
wait for each other. Every write raises the version, under every strategy, so that optimistic
bookers notice it.

A booking holds the seats of its confirmed rows, whatever booking the seats name: if two bookings
got one seat, each can be moved and cancelled. A seat that is given up goes to another booking that
has a confirmed row for it. If there is none, it becomes free.
"""

from __future__ import annotations

from functools import cache, partial

from booking_lab.core.statement import Statement

# Arrays of ids are text, because that is the driver's form of a list.
_statement = partial(
    Statement,
    event_id="integer",
    holder="uuid",
    customer_id="text",
    generation="bigint",
    seat="text",
    seats="text[]",
    given_back="text[]",
    touched="text[]",
    replaced="text[]",
    many="integer",
    bookings="jsonb",
)

_READ = """
SELECT seat_number, holder::text, booked_by FROM seats
WHERE event_id = %(event_id)s AND seat_number = ANY(%(touched)s) ORDER BY seat_number
"""
READ = _statement(_READ)
#: The same, with the seats of the bookings to change in rows without a seat number.
READ_WITH_HELD = _statement(f"""
SELECT NULL, attempt_id::text, unnest(basket) FROM bookings
WHERE attempt_id = ANY(%(replaced)s::uuid[]) AND status = 'confirmed' AND seat_number = basket[1]
UNION ALL ({_READ})
""")

_CURRENT = """count(*) FILTER (WHERE generation <= %(generation)s) = cardinality(%(touched)s)"""

_CHANGE = """
WITH locked AS MATERIALIZED (
    SELECT event_id, seat_number, is_booked, holder, booked_by, booked_at, booked, guarded,
        generation FROM seats
    WHERE event_id = %(event_id)s AND seat_number = ANY(%(touched)s)
    ORDER BY seat_number FOR UPDATE
), {held} verdict AS MATERIALIZED (
    SELECT {still_held} AS held, {current} AND {still_held} AND {condition} AS good,
        clock_timestamp() AS now
    FROM locked
), {effect}
SELECT seat_number, holder::text, booked_by, generation <= %(generation)s, held, good,
       (SELECT min(id) FROM booking)
FROM locked, verdict ORDER BY seat_number
"""
_FREE = "bool_and(NOT is_booked OR seat_number = ANY(%(given_back)s))"

_BOOK = """
seat AS (
    UPDATE seats SET is_booked = true, booked_by = %(customer_id)s, holder = %(holder)s::uuid,
        booked_at = now, booked = booked + 1, guarded = guarded OR {guarded}, version = version + 1
    FROM verdict
    WHERE good AND event_id = %(event_id)s AND seat_number = ANY(%(touched)s)
    RETURNING event_id, seat_number
), booking AS (
    INSERT INTO bookings (
        attempt_id, event_id, seat_number, basket, customer_id, created_at)
    SELECT %(holder)s::uuid, event_id, seat_number, %(seats)s, %(customer_id)s, now
    FROM seat, verdict ORDER BY seat_number RETURNING id
)
"""

# The rows are locked, because a statement sees an unlocked row as it was when the statement began.
# A change of the booking writes its new seats into each of its rows.
_HELD = """held AS MATERIALIZED (
    SELECT id, seat_number, basket, created_at FROM bookings
    WHERE attempt_id = %(holder)s::uuid AND status = 'confirmed'
      AND (SELECT count(*) FROM locked) >= 0
    ORDER BY id FOR UPDATE
), holds AS MATERIALIZED (
    SELECT count(*) = cardinality(%(given_back)s)
       AND bool_and(basket = %(given_back)s AND seat_number = ANY(%(given_back)s)) AS unchanged
    FROM held
), """
_STILL_HELD = "(SELECT coalesce(unchanged, false) FROM holds)"

# Seats that stay keep their row. The row of a seat that is given up is used for a new seat. Rows
# that are left over get the status ``moved``, because one of them may be the booking's first row.
_MOVE = """
after AS MATERIALIZED (
    SELECT event_id, seat_number,
        CASE WHEN comes THEN %(holder)s::uuid WHEN goes THEN heir.attempt_id
            ELSE holder END AS holder,
        CASE WHEN comes THEN %(customer_id)s WHEN goes THEN heir.customer_id
            ELSE booked_by END AS booked_by,
        CASE WHEN comes THEN now WHEN goes THEN heir.created_at ELSE booked_at END AS booked_at,
        booked + comes::integer - given_up::integer AS booked,
        (guarded OR {guarded}) AND (booked > 1 OR NOT given_up) AS guarded
    FROM verdict, (
        SELECT *, seat_number <> ALL(%(given_back)s) AS comes,
            seat_number <> ALL(%(seats)s) AS given_up,
            seat_number <> ALL(%(seats)s) AND holder = %(holder)s::uuid AS goes
        FROM locked) AS seat
    LEFT JOIN LATERAL (
        SELECT * FROM seats_last_booked(event_id, seat_number, %(holder)s::uuid)
        WHERE goes) AS heir ON true
    WHERE good
), seat AS (
    UPDATE seats SET is_booked = after.holder IS NOT NULL, booked_by = after.booked_by,
        holder = after.holder, booked_at = after.booked_at, booked = after.booked,
        guarded = after.guarded, version = version + 1
    FROM after
    WHERE (seats.event_id, seats.seat_number) = (after.event_id, after.seat_number)
), place AS MATERIALIZED (
    SELECT id, comes FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS number FROM held
        WHERE seat_number <> ALL(%(seats)s)) AS given_up
    FULL JOIN (
        SELECT one AS comes, row_number() OVER (ORDER BY one) AS number
        FROM unnest(%(seats)s::text[]) AS one
        WHERE one <> ALL(%(given_back)s)) AS asked USING (number)
), stays AS (
    UPDATE bookings SET seat_number = coalesce(comes, bookings.seat_number),
        basket = CASE WHEN {cancels} THEN bookings.basket ELSE %(seats)s END,
        status = CASE WHEN {cancels} THEN 'cancelled'
            WHEN place.id IS NOT NULL AND comes IS NULL THEN 'moved' ELSE 'confirmed' END
    FROM verdict, held LEFT JOIN place USING (id) WHERE good AND bookings.id = held.id
), more AS (
    INSERT INTO bookings (
        attempt_id, event_id, seat_number, basket, customer_id, created_at)
    SELECT %(holder)s::uuid, %(event_id)s, comes, %(seats)s, %(customer_id)s,
        (SELECT min(created_at) FROM held)
    FROM verdict, place WHERE good AND id IS NULL ORDER BY comes
), booking AS (
    SELECT id FROM bookings, verdict WHERE good AND attempt_id = %(holder)s::uuid
)
"""
_CANCELS = "cardinality(%(seats)s::text[]) = 0"


@cache
def write(*, moves: bool, if_allowed: bool = False, guarded: bool = False) -> Statement:
    """Return the statement that makes a change, and returns the seats as they were before.

    Its columns: the seat, its holder, the holder's customer, whether the seat's generation is not
    newer than the booking's, whether the booking to change holds the seats that it gives back,
    whether the change was made, the id of the booking's first row.

    Args:
        moves: whether a booking is moved or cancelled; otherwise it is new.
        if_allowed: whether the seats have to be free; otherwise they are not checked.
        guarded: whether the seats become guarded.
    """
    effect = (_MOVE if moves else _BOOK).format(guarded=guarded, cancels=_CANCELS)
    return _statement(
        _CHANGE.format(
            held=_HELD if moves else "",
            still_held=_STILL_HELD if moves else "true",
            current=_CURRENT,
            condition=_FREE if if_allowed else "true",
            effect=effect,
        )
    )


@cache
def write_one(*, if_allowed: bool = False, guarded: bool = False) -> Statement:
    """Return the statement for a new booking of one seat, the most frequent kind.

    It makes the same change as ``write``, at a quarter of the cost in PostgreSQL. Its columns: the
    seat, its holder, the holder's customer, whether the seat's generation is not newer than the
    booking's, and the booking's id, null if the change wasn't made. Except the id, the values are
    those from the begin of the statement. After a wait for another booking, they may show a free
    seat and no id; then only ``write`` shows the present state.

    Args:
        if_allowed: whether the seat has to be free; otherwise it is not checked.
        guarded: whether the seat becomes guarded.
    """
    return _statement(
        _BOOK_ONE.format(condition="AND NOT is_booked" if if_allowed else "", guarded=guarded)
    )


_BOOK_ONE = """
WITH seat AS (
    UPDATE seats SET is_booked = true, booked_by = %(customer_id)s, holder = %(holder)s::uuid,
        booked_at = clock_timestamp(), booked = booked + 1, guarded = guarded OR {guarded},
        version = version + 1
    WHERE event_id = %(event_id)s AND seat_number = %(seat)s
      AND generation <= %(generation)s {condition}
    RETURNING event_id, seat_number, booked_at
), booking AS (
    INSERT INTO bookings (attempt_id, event_id, seat_number, basket, customer_id, created_at)
    SELECT %(holder)s::uuid, event_id, seat_number, ARRAY[seat_number], %(customer_id)s, booked_at
    FROM seat RETURNING id
)
SELECT seat_number, holder::text, booked_by, generation <= %(generation)s, (SELECT id FROM booking)
FROM seats WHERE event_id = %(event_id)s AND seat_number = %(seat)s
"""


#: New bookings in one statement; seats that were reset since are left out.
WRITE_ALL = _statement("""
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(bookings)s) AS asked (
        holder uuid, event_id integer, seat_number text, basket text[], customer_id text,
        generation bigint)
), locked AS MATERIALIZED (
    SELECT event_id, seat_number FROM seats JOIN asked USING (event_id, seat_number)
    WHERE seats.generation <= asked.generation ORDER BY seat_number FOR UPDATE OF seats
), moment AS MATERIALIZED (
    SELECT clock_timestamp() AS now WHERE (SELECT count(*) FROM locked) >= 0
), seat AS (
    UPDATE seats SET is_booked = true, booked_by = asked.customer_id, holder = asked.holder,
        booked_at = now, booked = booked + 1, version = version + 1
    FROM moment, locked JOIN asked USING (event_id, seat_number)
    WHERE seats.event_id = locked.event_id AND seats.seat_number = locked.seat_number
    RETURNING asked.holder, seats.event_id, seats.seat_number, basket, asked.customer_id, now
)
INSERT INTO bookings (attempt_id, event_id, seat_number, basket, customer_id, created_at)
SELECT * FROM seat ORDER BY seat_number RETURNING attempt_id::text, id
""")

_CHOOSE = """
WITH chosen AS (
    SELECT seat_number FROM seats
    WHERE event_id = %(event_id)s AND {which} ORDER BY id LIMIT %(many)s FOR UPDATE SKIP LOCKED
)
SELECT array(SELECT seat_number FROM chosen),
       (SELECT count(*) FROM seats WHERE event_id = %(event_id)s AND {which})
"""
#: The best seats that no other session has locked, and the number of all free seats.
CHOOSE_BEST = _statement(_CHOOSE.format(which="NOT is_booked"))
#: The same for the named seats, free or not.
CHOOSE_NAMED = _statement(_CHOOSE.format(which="seat_number = ANY(%(touched)s)"))

RESET = """
UPDATE seats
SET is_booked = false, booked_by = NULL, holder = NULL, booked_at = NULL, booked = 0,
    guarded = false, version = version + 1, generation = %(generation)s
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
SELECT event_id, customer_id, basket, status = 'cancelled' FROM bookings
WHERE attempt_id = %(booking)s::uuid AND seat_number = basket[1] AND status <> 'moved'
"""
