"""The statements of slots that book, move and cancel.

A reservation and the stock of its products change in one statement, so that they always agree. The
statement locks stock, then resources, then the reservation, so that two writes can't wait for each
other.

A reservation is a row of its own. A new one leaves the row of the resource as it is, so overlapping
bookings don't meet there: this is a phantom, or write skew. The write takes only the weakest lock
on the resource, KEY SHARE, like a foreign key. It conflicts with FOR UPDATE alone, which resets and
locking strategies use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from booking_lab.core.statement import Statement
from booking_lab.workloads.slots.statements import ASKED, RESERVED, statement

_STOCK_LEVELS = f"""asked AS ({ASKED}
), stock_level AS MATERIALIZED (
    SELECT branch_id, product_id, stock, units
    FROM slot_product_branches JOIN asked USING (branch_id, product_id)
    WHERE tenant_id = %(tenant_id)s
    ORDER BY branch_id, product_id FOR NO KEY UPDATE OF slot_product_branches
)"""
_RESOURCE = """resource AS MATERIALIZED (
    SELECT resource_id, generation FROM slot_resources
    WHERE tenant_id = %(tenant_id)s AND resource_id = ANY(%(touched)s){behind}
    ORDER BY resource_id FOR {lock}
)"""
_AFTER_STOCK = " AND (SELECT count(*) FROM stock_level) >= 0"
#: The reservation of the booking to change, locked after the resources.
_HELD = f"""held AS MATERIALIZED (
    SELECT {RESERVED} FROM slot_reservations AS reserved
    WHERE tenant_id = %(tenant_id)s AND attempt_id = %(holder)s::uuid AND status = 'confirmed'
      AND (SELECT count(*) FROM resource) >= 0
    FOR UPDATE
)"""
#: The overlapping reservations: a function reads them under the lock on the resource.
_OVERLAP = f"""overlap AS MATERIALIZED (
    SELECT {RESERVED} FROM resource, slot_overlapping(
        %(tenant_id)s, resource_id, tstzrange(%(starts_at)s, %(ends_at)s)) AS reserved
    WHERE resource_id = %(resource_id)s
)"""
_OFFER = """offer AS MATERIALIZED (
    SELECT 'offer', branch_id, resource_id, service_id, NULL::timestamptz, NULL::timestamptz, NULL,
           coalesce(there.price, service.price) AS price
    FROM slot_resource_branches JOIN slot_services AS service USING (tenant_id)
    LEFT JOIN slot_service_branches AS there USING (tenant_id, branch_id, service_id)
    WHERE tenant_id = %(tenant_id)s AND branch_id = %(branch_id)s
      AND resource_id = %(resource_id)s AND service_id = %(service_id)s
)"""

_VERDICT = """verdict AS MATERIALIZED (
    SELECT late, NOT late AND {condition} AS good
    FROM (SELECT EXISTS (SELECT FROM resource WHERE generation > %(generation)s) AS late) AS reset
)"""
_RESOURCES_THERE = "(SELECT count(*) FROM resource) = cardinality(%(touched)s)"
_STOCK_THERE = "(SELECT count(*) FROM stock_level) = cardinality(%(stock_units)s)"
_STILL_HELD = """EXISTS (SELECT FROM held WHERE (branch_id, resource_id, starts_at, ends_at) =
            (%(held_branch)s, %(held_resource)s, %(held_from)s, %(held_until)s))"""
_FREE = """NOT EXISTS (SELECT FROM overlap WHERE holder <> %(holder)s::text)
        AND EXISTS (SELECT FROM offer)"""
_ENOUGH = "NOT EXISTS (SELECT FROM stock_level WHERE units > 0 AND stock < units)"

_TAKEN = """taken AS (
    UPDATE slot_product_branches AS stored
    SET stock = stored.stock - units, version = version + 1,
        guarded = guarded OR ({guarded} AND units > 0)
    FROM stock_level, reservation
    WHERE stored.tenant_id = %(tenant_id)s
      AND (stored.branch_id, stored.product_id) = (stock_level.branch_id, stock_level.product_id)
)"""
# Without it, all bookings insert first, and then wait for each other. PostgreSQL breaks one
# deadlock after the other, and each new try makes the next. With it, a booking waits before it
# inserts.
_UNLESS_EXCLUDED = "ON CONFLICT ON CONSTRAINT slot_reservations_guarded DO NOTHING"
_BOOK = f"""reservation AS (
    INSERT INTO slot_reservations (attempt_id, tenant_id, resource_id, branch_id, service_id,
        during, customer_id, price, guarded)
    SELECT %(holder)s::uuid, %(tenant_id)s, %(resource_id)s, %(branch_id)s, %(service_id)s,
        tstzrange(%(starts_at)s, %(ends_at)s), %(customer_id)s, {{price}}, {{guarded}}
    FROM verdict WHERE good {_UNLESS_EXCLUDED} RETURNING id
)"""
_ALONG = """along AS (
    INSERT INTO slot_reservation_products (tenant_id, reservation_id, product_id, quantity)
    SELECT %(tenant_id)s, id, product_id, units FROM reservation, asked
)"""
_CHANGE = """reservation AS (
    UPDATE slot_reservations SET {change}
    FROM verdict WHERE good AND tenant_id = %(tenant_id)s AND attempt_id = %(holder)s::uuid
    RETURNING id
)"""
# The price does not change: it belongs to the service, which stays the same.
_MOVE = """resource_id = %(resource_id)s, branch_id = %(branch_id)s,
        during = tstzrange(%(starts_at)s, %(ends_at)s), guarded = {guarded}"""
_CANCEL = "status = 'cancelled', guarded = false"

_EFFECTS = {
    "book": _BOOK,
    "move": _CHANGE.format(change=_MOVE),
    "cancel": _CHANGE.format(change=_CANCEL),
}

_TOLD = """
SELECT 'booked' AS what, NULL::integer, NULL::integer, NULL::integer, NULL::timestamptz,
       NULL::timestamptz, NULL, id::numeric FROM reservation
UNION ALL SELECT 'late', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM verdict WHERE late
"""
_TOLD_EXCLUDED = """UNION ALL SELECT 'excluded', NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM verdict WHERE good AND NOT EXISTS (SELECT FROM reservation)
"""
_TOLD_STATE = "UNION ALL SELECT state.* FROM {} AS state, verdict WHERE NOT good\n"
_TOLD_STOCK = """UNION ALL
SELECT 'stock_level', branch_id, NULL, product_id, NULL, NULL, NULL, stock
FROM stock_level, verdict WHERE NOT good
"""


@cache
def write(
    action: str, *, stock: bool, if_allowed: bool = False, guarded: bool = False
) -> Statement:
    """Return the statement that books, moves or cancels.

    Its rows: ``booked`` with the reservation's id as the amount; or ``late`` if there was a reset
    after the booking began; or ``excluded`` if the constraint refused it; otherwise the state that
    did not allow it.

    Args:
        action: ``book``, ``move`` or ``cancel``.
        stock: whether it changes the stock.
        if_allowed: whether the time has to be free and the stock enough; otherwise they are not
            checked. In both cases, a booking to change has to hold what the request gives back.
        guarded: whether the rows become guarded.
    """
    checks_held = action != "book"
    checks_free = if_allowed and action != "cancel"
    lock, behind = "UPDATE" if if_allowed else "KEY SHARE", _AFTER_STOCK if stock else ""
    effect = _EFFECTS[action].format(
        price="(SELECT price FROM offer)" if checks_free else "%(price)s",
        guarded=guarded,
    )
    tables = [
        (_STOCK_LEVELS, stock),
        (_RESOURCE.format(lock=lock, behind=behind), True),
        (_HELD, checks_held),
        (_OVERLAP, checks_free),
        (_OFFER, checks_free),
        (_VERDICT, True),
        (effect, True),
        (_TAKEN.format(guarded=guarded), stock),
        (_ALONG, stock and action == "book"),
    ]
    conditions = [
        (_RESOURCES_THERE, True),
        (_STOCK_THERE, stock),
        (_STILL_HELD, checks_held),
        (_FREE, checks_free),
        (_ENOUGH, stock and if_allowed),
    ]
    results = [
        (_TOLD, True),
        (_TOLD_EXCLUDED, action == "book"),
        (_TOLD_STATE.format("held"), checks_held),
        (_TOLD_STATE.format("overlap"), checks_free),
        (_TOLD_STATE.format("offer"), checks_free),
        (_TOLD_STOCK, stock and if_allowed),
    ]
    text = "WITH " + _join_wanted(", ", tables) + _join_wanted("", results)
    return statement(text.format(condition=_join_wanted("\n        AND ", conditions)))


@cache
def write_lean(*, if_allowed: bool = False) -> Statement:
    """Return the statement for a new booking without products, the most frequent kind.

    It makes the same change as ``write``, at a lower cost in PostgreSQL. Its row is the
    reservation's id. It returns no row if the change wasn't made; then ``write`` finds the reason.

    Args:
        if_allowed: whether the time has to be free; otherwise it is not checked.
    """
    return statement(_BOOK_IF_FREE if if_allowed else _BOOK_ANYHOW)


_LEAN = f"""
WITH resource AS MATERIALIZED (
    SELECT resource_id FROM slot_resources WHERE tenant_id = %(tenant_id)s
    AND resource_id = %(resource_id)s AND generation <= %(generation)s FOR {{lock}}
){{tables}}
INSERT INTO slot_reservations (attempt_id, tenant_id, resource_id, branch_id, service_id,
    during, customer_id, price)
SELECT %(holder)s::uuid, %(tenant_id)s, resource_id, %(branch_id)s, %(service_id)s,
    tstzrange(%(starts_at)s, %(ends_at)s), %(customer_id)s, {{price}}
FROM {{source}} {_UNLESS_EXCLUDED} RETURNING id
"""
_BOOK_ANYHOW = _LEAN.format(lock="KEY SHARE", tables="", price="%(price)s", source="resource")
# The overlap is checked after the lock, because the function takes the id of the locked row.
_BOOK_IF_FREE = _LEAN.format(
    lock="UPDATE",
    tables=f", {_OFFER}",
    price="offer.price",
    source="""resource JOIN offer USING (resource_id)
WHERE NOT EXISTS (
    SELECT FROM slot_overlapping(
        %(tenant_id)s, resource_id, tstzrange(%(starts_at)s, %(ends_at)s)))""",
)


def _join_wanted(between: str, parts: Sequence[tuple[str, bool]]) -> str:
    return between.join(part for part, wanted in parts if wanted)


#: New bookings of one tenant in one statement; none of them if one began before a reset.
WRITE_ALL = statement("""
WITH asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(bookings)s) AS asked (
        holder uuid, branch_id integer, resource_id integer, service_id integer,
        starts_at timestamptz, ends_at timestamptz, customer_id text, price numeric,
        generation bigint, products jsonb)
), product AS MATERIALIZED (
    SELECT holder, branch_id, product.* FROM asked, jsonb_to_recordset(products)
        AS product (product_id integer, quantity integer)
), stock_level AS MATERIALIZED (
    SELECT branch_id, product_id, units FROM slot_product_branches AS stored JOIN (
        SELECT branch_id, product_id, sum(quantity) AS units
        FROM product GROUP BY branch_id, product_id) AS together USING (branch_id, product_id)
    WHERE tenant_id = %(tenant_id)s
    ORDER BY branch_id, product_id FOR NO KEY UPDATE OF stored
), resource AS MATERIALIZED (
    SELECT resource_id FROM slot_resources AS stored JOIN (
        SELECT resource_id, min(generation) AS generation
        FROM asked GROUP BY resource_id) AS together USING (resource_id)
    WHERE tenant_id = %(tenant_id)s AND stored.generation <= together.generation
      AND (SELECT count(*) FROM stock_level) >= 0
    ORDER BY resource_id FOR KEY SHARE OF stored
), verdict AS MATERIALIZED (
    SELECT (SELECT count(*) FROM stock_level) =
           (SELECT count(DISTINCT (branch_id, product_id)) FROM product)
       AND (SELECT count(*) FROM resource) = (SELECT count(DISTINCT resource_id) FROM asked) AS good
), taken AS (
    UPDATE slot_product_branches AS stored
    SET stock = stock - units, version = version + 1
    FROM stock_level, verdict
    WHERE good AND stored.tenant_id = %(tenant_id)s
      AND (stored.branch_id, stored.product_id) = (stock_level.branch_id, stock_level.product_id)
), reservation AS (
    INSERT INTO slot_reservations (
        attempt_id, tenant_id, resource_id, branch_id, service_id, during, customer_id, price)
    SELECT holder, %(tenant_id)s, resource_id, branch_id, service_id,
           tstzrange(starts_at, ends_at), customer_id, price
    FROM asked, verdict WHERE good RETURNING id, attempt_id
), along AS (
    INSERT INTO slot_reservation_products (tenant_id, reservation_id, product_id, quantity)
    SELECT %(tenant_id)s, id, product_id, quantity
    FROM reservation JOIN product ON holder = attempt_id
)
SELECT attempt_id::text, id FROM reservation
""")
