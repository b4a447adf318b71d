"""SQL that lists bookings of seats, and finds everything wrong in their tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from booking_lab.core.lab_workload import Violation
from booking_lab.core.workload import Row, Session

_TWICE = """
SELECT booking.event_id, booking.seat_number, booking.id, booking.customer_id, booking.created_at,
       attempt.worker, attempt.strategy, attempt.trace_id, seat.booked_by
FROM bookings AS booking
JOIN seats AS seat USING (event_id, seat_number)
LEFT JOIN attempts AS attempt ON attempt.id = booking.attempt_id
WHERE booking.status = 'confirmed' AND EXISTS (
    SELECT 1 FROM bookings AS other
    WHERE other.event_id = booking.event_id AND other.seat_number = booking.seat_number
      AND other.id <> booking.id AND other.status = 'confirmed')
ORDER BY booking.event_id, booking.seat_number, booking.id
"""

#: One row a booking; rows that a move has left behind are history.
LISTING = """
SELECT attempt_id AS id, event_id::text AS scope, array_to_string(basket, '+') AS subject,
       customer_id, status, created_at,
       jsonb_build_object('event_id', event_id, 'seats', to_jsonb(basket)) AS details
FROM bookings WHERE seat_number = basket[1] AND status <> 'moved'
"""

WRONG = """
SELECT 'double booking' AS anomaly, event_id::text AS scope, seat_number AS subject,
       format('confirmed to %%s', string_agg(customer_id, ', ' ORDER BY id)) AS detail
FROM bookings WHERE status = 'confirmed' GROUP BY event_id, seat_number HAVING count(*) > 1
UNION ALL
SELECT 'lost update', event_id::text, seat_number,
       format('%%s was confirmed, then %%s''s write went over it', customer_id, booked_by)
FROM bookings JOIN seats USING (event_id, seat_number)
WHERE status = 'confirmed' AND is_booked AND holder <> attempt_id
UNION ALL
SELECT 'orphan', event_id::text, seat_number,
       format('booked by %%s without a confirmed booking', booked_by)
FROM seats WHERE is_booked AND NOT EXISTS (
    SELECT 1 FROM bookings WHERE bookings.event_id = seats.event_id
    AND bookings.seat_number = seats.seat_number AND status = 'confirmed' AND attempt_id = holder)
UNION ALL
SELECT 'orphan', event_id::text, seat_number,
       format('%%s has a confirmed booking of a free seat', customer_id)
FROM bookings JOIN seats USING (event_id, seat_number)
WHERE status = 'confirmed' AND NOT is_booked
UNION ALL
SELECT 'orphan', event_id::text, seat_number,
       format('it counts %%s bookings, and has %%s', booked, confirmed)
FROM seats CROSS JOIN LATERAL (
    SELECT count(*) AS confirmed FROM bookings WHERE bookings.event_id = seats.event_id
    AND bookings.seat_number = seats.seat_number AND status = 'confirmed') AS counted
WHERE booked <> confirmed
UNION ALL
SELECT 'orphan', min(event_id)::text, array_to_string(min(basket), '+'),
       format('the booking of %%s has %%s, and not what it says', min(customer_id),
              string_agg(seat_number, '+' ORDER BY seat_number))
FROM bookings WHERE status = 'confirmed' GROUP BY attempt_id
HAVING min(basket) <> max(basket) OR count(*) <> cardinality(min(basket))
    OR NOT array_agg(seat_number) @> min(basket)
"""


def double_bookings(session: Session) -> Sequence[Violation]:
    """Return the seats with more than one confirmed booking, with all bookings of each.

    The winner is the customer that the seat names. Each loser is listed with its trace and the
    winner's.
    """
    return [
        _double_booking(key, list(rows))
        for key, rows in groupby(session.execute(_TWICE), key=itemgetter(0, 1))
    ]


def _double_booking(key: tuple[int, str], rows: list[Row]) -> Violation:
    event_id, seat_number = key
    bookings = [
        {
            "booking_id": row[2],
            "customer_id": row[3],
            "created_at": row[4].isoformat(),
            "worker": row[5],
            "strategy": row[6],
            "trace_id": row[7],
        }
        for row in rows
    ]
    owner = rows[-1][8]
    # One customer may have booked the same seat several times; the latest of these stands.
    winner = next((b for b in reversed(bookings) if b["customer_id"] == owner), bookings[-1])
    losers = [
        {
            "customer_id": booking["customer_id"],
            "trace_id": booking["trace_id"],
            "lost_to": winner["customer_id"],
            "winner_trace_id": winner["trace_id"],
        }
        for booking in bookings
        if booking is not winner
    ]
    return {
        "anomaly": "double booking",
        "scope": str(event_id),
        "subject": seat_number,
        "event_id": event_id,
        "seat_number": seat_number,
        "booking_count": len(bookings),
        "customers": [booking["customer_id"] for booking in bookings],
        "bookings": bookings,
        "winner": winner["customer_id"],
        "losers": losers,
    }
