"""SQL that lists bookings of tickets, and finds everything wrong in their tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from booking_lab.core.lab_workload import Violation
from booking_lab.core.workload import Row, Session

#: The subject of every finding and every booking: an event has one counter.
SUBJECT = "tickets"

LISTING = f"""
SELECT attempt_id AS id, event_id::text AS scope, '{SUBJECT}' AS subject, user_email AS customer_id,
       booking_status AS status, created_at,
       jsonb_build_object('event_id', event_id, 'quantity', quantity,
           'unit_price', unit_price::text, 'total_amount', total_amount::text) AS details
FROM ticket_bookings
"""

_SOLD = """
SELECT event.id, on_sale, available_tickets, coalesce(sum(quantity), 0) AS sold
FROM ticket_events AS event
LEFT JOIN ticket_bookings ON event_id = event.id AND booking_status = 'confirmed'
GROUP BY event.id
"""

# No statement overwrites the counter. So it differs from the bookings only if two changes of one
# booking both used the quantity from before.
WRONG = f"""
SELECT 'oversell' AS anomaly, id::text AS scope, '{SUBJECT}' AS subject,
       format('%%s of %%s tickets are sold, %%s are left', sold, on_sale, available_tickets)
       AS detail
FROM ({_SOLD}) AS event WHERE sold > on_sale OR available_tickets < 0
UNION ALL
SELECT 'lost update', id::text, '{SUBJECT}',
       format('%%s are left by the counter, %%s by the bookings', available_tickets, on_sale - sold)
FROM ({_SOLD}) AS event WHERE available_tickets <> on_sale - sold
"""

_OVERSOLD = f"""
SELECT event.id, event.name, sold.on_sale, sold.sold, event.available_tickets, booking.id,
       booking.user_email, quantity, total_amount, booking.created_at,
       sum(quantity) OVER (PARTITION BY event.id ORDER BY booking.id) > sold.on_sale,
       attempt.worker, attempt.strategy, attempt.trace_id
FROM ({_SOLD}) AS sold
JOIN ticket_events AS event USING (id)
JOIN ticket_bookings AS booking ON event_id = event.id AND booking_status = 'confirmed'
LEFT JOIN attempts AS attempt ON attempt.id = booking.attempt_id
WHERE sold.sold > sold.on_sale ORDER BY event.id, booking.id
"""


def oversells(session: Session) -> Sequence[Violation]:
    """Return the events with more confirmed tickets than were on sale, with all their bookings.

    The bookings are in the order of their ids. ``too_many`` marks those after the last ticket.
    """
    return [
        _oversell(list(rows)) for _, rows in groupby(session.execute(_OVERSOLD), key=itemgetter(0))
    ]


def _oversell(rows: list[Row]) -> Violation:
    event_id, name, on_sale, sold, available = rows[0][:5]
    bookings = [
        {
            "booking_id": row[5],
            "customer_id": row[6],
            "quantity": row[7],
            "total_amount": str(row[8]),
            "created_at": row[9].isoformat(),
            "too_many": row[10],
            "worker": row[11],
            "strategy": row[12],
            "trace_id": row[13],
        }
        for row in rows
    ]
    return {
        "anomaly": "oversell",
        "scope": str(event_id),
        "subject": SUBJECT,
        "event_id": event_id,
        "name": name,
        "on_sale": on_sale,
        "sold": int(sold),
        "oversold": int(sold) - on_sale,
        "available_tickets": available,
        "booking_count": len(bookings),
        "customers": [booking["customer_id"] for booking in bookings],
        "bookings": bookings,
    }
