"""SQL that lists bookings of slots, and finds everything wrong in their tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from booking_lab.core.lab_workload import Violation
from booking_lab.core.workload import Row, Session

#: One row for each booking; a moved booking as it is now.
LISTING = """
SELECT attempt_id AS id, tenant_id::text AS scope, 'resource ' || resource_id AS subject,
       customer_id, status, created_at,
       jsonb_build_object(
           'tenant_id', tenant_id, 'branch_id', branch_id, 'resource_id', resource_id,
           'service_id', service_id, 'starts_at', lower(during), 'ends_at', upper(during),
           'price', price::text, 'products', (
               SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'product_id', product_id, 'quantity', quantity) ORDER BY product_id), '[]')
               FROM slot_reservation_products AS product
               WHERE product.tenant_id = booking.tenant_id AND reservation_id = booking.id)
       ) AS details
FROM slot_reservations AS booking
"""

# Runs of reservations of a resource, each of which begins before all earlier ones of the run have
# ended. In a run of more than one, each reservation overlaps with another.
_RESERVED = """
SELECT *, coalesce(lower(during) >= max(upper(during)) OVER earlier, true) AS alone
FROM slot_reservations WHERE status = 'confirmed'
WINDOW earlier AS (PARTITION BY tenant_id, resource_id ORDER BY lower(during), id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""
_RUNS = f"""
SELECT *, count(*) FILTER (WHERE alone) OVER calendar AS run FROM ({_RESERVED}) AS reserved
WHERE (tenant_id, resource_id) IN (  -- nearly always none, and then the rest costs nothing
    SELECT tenant_id, resource_id FROM ({_RESERVED}) AS reserved WHERE NOT alone)
WINDOW calendar AS (PARTITION BY tenant_id, resource_id ORDER BY lower(during), id)
"""

# The units that confirmed reservations have taken, beside the counter.
_STOCK = """
SELECT stock_level.tenant_id, stock_level.branch_id, product_id, stocked, stock,
       coalesce(sum(quantity), 0)::integer AS taken
FROM slot_product_branches AS stock_level LEFT JOIN (
    SELECT product.tenant_id, branch_id, product_id, quantity
    FROM slot_reservation_products AS product
    JOIN slot_reservations AS reserved
      ON (reserved.tenant_id, reserved.id) = (product.tenant_id, reservation_id)
    WHERE status = 'confirmed'
) AS along USING (tenant_id, branch_id, product_id)
GROUP BY stock_level.tenant_id, stock_level.branch_id, product_id
"""

WRONG = f"""
SELECT 'overlap' AS anomaly, tenant_id::text AS scope, 'resource ' || resource_id AS subject,
       format('confirmed to %%s at times that overlap', string_agg(customer_id, ', ' ORDER BY id))
           AS detail
FROM ({_RUNS}) AS reserved GROUP BY tenant_id, resource_id, run HAVING count(*) > 1
UNION ALL
SELECT 'oversell', tenant_id::text, format('product %%s at branch %%s', product_id, branch_id),
       format('%%s taken of %%s, %%s left', taken, stocked, stock)
FROM ({_STOCK}) AS stock_level WHERE taken > stocked OR stock < 0
UNION ALL
SELECT 'lost update', tenant_id::text, format('product %%s at branch %%s', product_id, branch_id),
       format('%%s taken of %%s, but %%s left', taken, stocked, stock)
FROM ({_STOCK}) AS stock_level WHERE stock + taken <> stocked
"""

_BOOKING = """booking.id, booking.customer_id, lower(booking.during), upper(booking.during),
       booking.branch_id, booking.created_at, attempt.worker, attempt.strategy, attempt.trace_id"""

_OVERLAPS = f"""
SELECT tenant_id, resource_id, run, {_BOOKING}
FROM (
    SELECT *, count(*) OVER (PARTITION BY tenant_id, resource_id, run) AS many
    FROM ({_RUNS}) AS reserved
) AS booking
LEFT JOIN attempts AS attempt ON attempt.id = booking.attempt_id
WHERE many > 1 ORDER BY tenant_id, resource_id, run, booking.id
"""

_OVERSOLD = f"""
SELECT stock_level.tenant_id, stock_level.branch_id, product_id, stocked, taken, stock, {_BOOKING},
       quantity
FROM ({_STOCK}) AS stock_level
JOIN slot_reservation_products AS product USING (tenant_id, product_id)
JOIN slot_reservations AS booking
  ON (booking.tenant_id, booking.id) = (product.tenant_id, reservation_id)
 AND booking.branch_id = stock_level.branch_id
LEFT JOIN attempts AS attempt ON attempt.id = booking.attempt_id
WHERE taken > stocked AND booking.status = 'confirmed'
ORDER BY stock_level.tenant_id, stock_level.branch_id, product_id, booking.id
"""


def violations(session: Session) -> Sequence[Violation]:
    """Return overlapping bookings and oversold products, with all bookings of each."""
    return [*_overlaps(session), *_oversold(session)]


def _overlaps(session: Session) -> Iterator[Violation]:
    """Yield one violation for each run of overlapping reservations."""
    for key, rows in groupby(session.execute(_OVERLAPS), key=itemgetter(0, 1, 2)):
        tenant_id, resource_id, _ = key
        bookings = [_booking(row[3:]) for row in rows]
        yield {
            "anomaly": "overlap",
            "scope": str(tenant_id),
            "subject": f"resource {resource_id}",
            "tenant_id": tenant_id,
            "resource_id": resource_id,
            **_who(bookings),
        }


def _oversold(session: Session) -> Iterator[Violation]:
    """Yield one violation for each oversold product at a branch."""
    for key, rows in groupby(session.execute(_OVERSOLD), key=itemgetter(0, 1, 2, 3, 4, 5)):
        tenant_id, branch_id, product_id, stocked, taken, left = key
        bookings = [{**_booking(row[6:-1]), "quantity": row[-1]} for row in rows]
        yield {
            "anomaly": "oversell",
            "scope": str(tenant_id),
            "subject": f"product {product_id} at branch {branch_id}",
            "tenant_id": tenant_id,
            "branch_id": branch_id,
            "product_id": product_id,
            "stocked": stocked,
            "taken": taken,
            "left": left,
            **_who(bookings),
        }


def _who(bookings: list[Violation]) -> Violation:
    return {
        "booking_count": len(bookings),
        "customers": [booking["customer_id"] for booking in bookings],
        "bookings": bookings,
    }


def _booking(row: Row) -> Violation:
    booking_id, customer_id, starts_at, ends_at, branch_id, created_at, *attempt = row
    return {
        "booking_id": booking_id,
        "customer_id": customer_id,
        "branch_id": branch_id,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "created_at": created_at.isoformat(),
        **dict(zip(("worker", "strategy", "trace_id"), attempt, strict=True)),
    }
