"""The statements of slots that read, choose and reset; those that book are in ``write_statements``.

State comes in rows of one shape: ``offer`` (a resource at a branch, a service, its price there),
``stock_level`` (a product at a branch, the units left) and ``reserved`` (a time of a resource).
A statement leaves out the parts that no request needs: planning them takes longer than reading.
"""

from __future__ import annotations

from functools import cache, partial

from booking_lab.core.statement import Statement

#: Makes a statement of slots. Arrays of times are text, because that is the driver's form of a
#: list.
statement = partial(
    Statement,
    tenant_id="integer",
    branch_id="integer",
    branches="integer[]",
    resource_id="integer",
    resources="integer[]",
    service_id="integer",
    services="integer[]",
    starts_at="timestamptz",
    ends_at="timestamptz",
    times="text[]",
    touched="integer[]",
    stock_branches="integer[]",
    stock_products="integer[]",
    stock_units="integer[]",
    holder="uuid",
    holders="text[]",
    held_branch="integer",
    held_resource="integer",
    held_from="timestamptz",
    held_until="timestamptz",
    customer_id="text",
    generation="bigint",
    price="numeric",
    bookings="jsonb",
)

_OFFER = """
SELECT 'offer' AS what, branch_id, resource_id, service_id AS item_id,
       NULL::timestamptz AS starts_at, NULL::timestamptz AS ends_at, NULL AS holder,
       coalesce(there.price, service.price) AS amount
FROM slot_resource_branches JOIN slot_services AS service USING (tenant_id)
LEFT JOIN slot_service_branches AS there USING (tenant_id, branch_id, service_id)
WHERE tenant_id = %(tenant_id)s AND branch_id = ANY(%(branches)s)
  AND resource_id = ANY(%(resources)s) AND service_id = ANY(%(services)s)
"""
_STOCK_LEVELS = """
SELECT 'stock_level' AS what, branch_id, NULL::integer AS resource_id, product_id AS item_id,
       NULL::timestamptz AS starts_at, NULL::timestamptz AS ends_at, NULL AS holder,
       stock::numeric AS amount
FROM slot_product_branches
WHERE tenant_id = %(tenant_id)s AND (branch_id, product_id) IN (
    SELECT * FROM unnest(%(stock_branches)s::integer[], %(stock_products)s::integer[]))
"""
#: The columns of a reservation.
RESERVED = """'reserved' AS what, reserved.branch_id, resource_id, NULL::integer AS item_id,
       lower(during) AS starts_at, upper(during) AS ends_at, attempt_id::text AS holder,
       NULL::numeric AS amount"""
_IN_THE_WAY = f"""
SELECT {RESERVED} FROM slot_reservations AS reserved
WHERE tenant_id = %(tenant_id)s AND status = 'confirmed' AND resource_id = ANY(%(resources)s)
  AND during && ANY(%(times)s::tstzrange[])
"""
_HELD = f"""
SELECT {RESERVED} FROM slot_reservations AS reserved
WHERE tenant_id = %(tenant_id)s AND status = 'confirmed' AND attempt_id = ANY(%(holders)s::uuid[])
"""


@cache
def read(*, takes: bool, stock: bool, holds: bool) -> Statement:
    """Return the statement that reads the state for one or more requests of a tenant.

    Args:
        takes: whether any request takes a time.
        stock: whether any request changes the stock.
        holds: whether any request moves or cancels a booking.
    """
    parts = [_OFFER, _IN_THE_WAY] if takes else []
    parts += [_STOCK_LEVELS] if stock else []
    parts += [_HELD] if holds else []
    order = "ORDER BY what, branch_id, resource_id, item_id, starts_at, holder"
    return statement("UNION ALL".join(parts) + order)


ASKED = """
    SELECT * FROM unnest(%(stock_branches)s::integer[], %(stock_products)s::integer[],
                         %(stock_units)s::integer[]) AS asked (branch_id, product_id, units)
"""

#: The things that a request can name: whether the tenant exists; its branches, resources, services
#: and products; the branches of the named resource, or of all; the products of the branch.
THERE = statement("""
SELECT EXISTS (SELECT FROM slot_tenants WHERE tenant_id = %(tenant_id)s),
    array(SELECT branch_id FROM slot_branches WHERE tenant_id = %(tenant_id)s ORDER BY 1),
    array(SELECT resource_id FROM slot_resources WHERE tenant_id = %(tenant_id)s ORDER BY 1),
    array(SELECT service_id FROM slot_services WHERE tenant_id = %(tenant_id)s ORDER BY 1),
    array(SELECT product_id FROM slot_products WHERE tenant_id = %(tenant_id)s ORDER BY 1),
    array(SELECT branch_id FROM slot_resource_branches WHERE tenant_id = %(tenant_id)s
          AND resource_id = coalesce(%(resource_id)s, resource_id) ORDER BY 1),
    array(SELECT product_id FROM slot_product_branches
          WHERE (tenant_id, branch_id) = (%(tenant_id)s, %(branch_id)s) ORDER BY 1)
""")

# --- locks that skip locked rows ------------------------------------------------------------------

_UNLOCKED = """
    SELECT branch_id, product_id, stock, units
    FROM slot_product_branches JOIN asked USING (branch_id, product_id)
    WHERE tenant_id = %(tenant_id)s
    ORDER BY branch_id, product_id FOR UPDATE OF slot_product_branches SKIP LOCKED
"""

#: Locks the stock and the resources that a request names; returns how many of each it could lock.
LOCK = statement(f"""
WITH asked AS ({ASKED}), stock_level AS MATERIALIZED ({_UNLOCKED}), resource AS MATERIALIZED (
    SELECT resource_id FROM slot_resources
    WHERE tenant_id = %(tenant_id)s AND resource_id = ANY(%(touched)s)
    ORDER BY resource_id FOR UPDATE SKIP LOCKED
)
SELECT (SELECT count(*) FROM stock_level), (SELECT count(*) FROM resource)
""")

# Between the check of all resources and the lock on one, another booking may have taken that one.
# So each locked resource is checked again, until one is still free.
#: The first free resource that could be locked, the number of free ones, and the locked stock.
CHOOSE = statement(f"""
WITH asked AS ({ASKED}), stock_level AS MATERIALIZED ({_UNLOCKED}), free AS MATERIALIZED (
    SELECT resource_id FROM slot_resource_branches
    WHERE tenant_id = %(tenant_id)s AND branch_id = %(branch_id)s AND NOT EXISTS (
        SELECT FROM slot_reservations AS reserved
        WHERE reserved.tenant_id = %(tenant_id)s AND status = 'confirmed'
          AND reserved.resource_id = slot_resource_branches.resource_id
          AND during && tstzrange(%(starts_at)s, %(ends_at)s))
), chosen AS MATERIALIZED (
    SELECT resource_id FROM (
        SELECT resource_id FROM slot_resources JOIN free USING (resource_id)
        WHERE tenant_id = %(tenant_id)s
        ORDER BY resource_id FOR UPDATE OF slot_resources SKIP LOCKED) AS unlocked
    WHERE NOT EXISTS (SELECT FROM slot_overlapping(
        %(tenant_id)s, resource_id, tstzrange(%(starts_at)s, %(ends_at)s)))
    LIMIT 1
)
SELECT (SELECT resource_id FROM chosen), (SELECT count(*) FROM free),
       array(SELECT ARRAY[branch_id, product_id, stock] FROM stock_level ORDER BY product_id)
""")

# --- resets ---------------------------------------------------------------------------------------

#: Waits for every booking under way; only the strongest lock waits for those without products.
LOCK_ALL = """
WITH stock_level AS MATERIALIZED (
    SELECT FROM slot_product_branches WHERE tenant_id = %(scope)s::integer
    ORDER BY branch_id, product_id FOR UPDATE
), resource AS MATERIALIZED (
    SELECT FROM slot_resources
    WHERE tenant_id = %(scope)s::integer AND (SELECT count(*) FROM stock_level) >= 0
    ORDER BY resource_id FOR UPDATE
)
SELECT count(*) FROM resource
"""
RESET = """
WITH stock_level AS (
    UPDATE slot_product_branches SET stock = stocked, guarded = false, version = version + 1
    WHERE tenant_id = %(scope)s::integer
), resource AS (
    UPDATE slot_resources SET version = version + 1, generation = %(generation)s
    WHERE tenant_id = %(scope)s::integer
), gone AS (
    DELETE FROM slot_reservations WHERE tenant_id = %(scope)s::integer RETURNING 1
)
SELECT count(*) FROM gone
"""

AVAILABLE = """
SELECT tenant_id::text, coalesce(sum(stock), 0)::integer
FROM slot_tenants LEFT JOIN slot_product_branches USING (tenant_id) GROUP BY tenant_id
"""
OPENING = """
SELECT branch_id, product_id, stock FROM slot_product_branches
WHERE tenant_id = %(scope)s::integer ORDER BY branch_id, product_id
"""
LOOK_UP = """
SELECT tenant_id, branch_id, resource_id, service_id, lower(during), upper(during), customer_id,
       status = 'cancelled',
       array(SELECT ARRAY[product_id, quantity] FROM slot_reservation_products AS product
             WHERE (product.tenant_id, reservation_id) = (booking.tenant_id, id)
             ORDER BY product_id)
FROM slot_reservations AS booking WHERE attempt_id = %(booking)s::uuid
"""
