"""What can be wrong with seats, found from the rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from booking_lab.core.workload import Row, Session
from booking_lab.workloads.base import Finding, Violation

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

# Each query returns (subject, detail).
_FINDINGS: tuple[tuple[str, str], ...] = (
    (
        "lost update",
        """SELECT seat_number, format('%s was confirmed, then %s''s write went over it',
                   customer_id, booked_by)
           FROM bookings JOIN seats USING (event_id, seat_number)
           WHERE status = 'confirmed' AND is_booked AND booked_by <> customer_id
           ORDER BY bookings.id""",
    ),
    (
        "orphan",
        """SELECT seat_number, format('booked by %s without a confirmed booking', booked_by)
           FROM seats WHERE is_booked AND NOT EXISTS (
               SELECT 1 FROM bookings WHERE bookings.event_id = seats.event_id
               AND bookings.seat_number = seats.seat_number AND status = 'confirmed'
               AND customer_id = booked_by)""",
    ),
    (
        "orphan",
        """SELECT seat_number, format('%s has a confirmed booking of a free seat', customer_id)
           FROM bookings JOIN seats USING (event_id, seat_number)
           WHERE status = 'confirmed' AND NOT is_booked""",
    ),
    (
        "lost booking",
        """SELECT subject, format('%s was told confirmed, and there is no booking', customer_id)
           FROM attempts WHERE workload = 'seats' AND 'confirmed' IN (outcome, answered)
           AND NOT EXISTS (SELECT 1 FROM bookings WHERE attempt_id = attempts.id)""",
    ),
    (
        "wrong answer",
        """SELECT subject, format('%s was told %s, and there is a booking', customer_id, answered)
           FROM attempts WHERE workload = 'seats' AND answered NOT IN ('confirmed', 'unknown')
           AND EXISTS (SELECT 1 FROM bookings WHERE attempt_id = attempts.id)""",
    ),
    (
        "orphan",
        """SELECT seat_number, format('%s has a booking that no attempt accounts for', customer_id)
           FROM bookings WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE id = attempt_id)""",
    ),
)


def double_bookings(session: Session) -> Sequence[Violation]:
    """Seats with more than one confirmed booking, with who, when and by which worker.

    The customer whose name the seat bears has won; each loser comes with its own trace and the
    winner's.
    """
    return [
        _double_booking(key, list(rows))
        for key, rows in groupby(session.execute(_TWICE), key=itemgetter(0, 1))
    ]


def audit(session: Session) -> Sequence[Finding]:
    """Where seats, bookings, their owners and the answers given disagree."""
    return [
        Finding(kind, subject, detail)
        for kind, query in _FINDINGS
        for subject, detail in session.execute(query)
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
        "event_id": event_id,
        "seat_number": seat_number,
        "booking_count": len(bookings),
        "customers": [booking["customer_id"] for booking in bookings],
        "bookings": bookings,
        "winner": winner["customer_id"],
        "losers": losers,
    }
