"""SQL of the audit: compares the bookings in the tables with the answers in the ledger."""

from __future__ import annotations

#: The attempt that changed a booking last: the end of the chain of its changes.
LAST_CHANGE = """
WITH RECURSIVE chain (id, number) AS (
    SELECT %(booking)s::uuid, 0
    UNION ALL
    SELECT attempts.id, number + 1 FROM attempts JOIN chain ON rests_on = chain.id
    WHERE outcome = 'confirmed'
)
SELECT id FROM chain ORDER BY number DESC LIMIT 1
"""

# Each confirmed attempt to book has a booking, and each booking has such an attempt. The answers to
# customers are compared as well, as far as they are in the ledger already.
_BOOKINGS = """
SELECT 'lost booking' AS anomaly, scope, subject,
       format('%%s was told confirmed, and there is no booking', customer_id) AS detail
FROM attempts AS attempt
WHERE workload = '{name}' AND action = 'book' AND {told}{in_scope}
  AND NOT EXISTS (SELECT 1 FROM ({listing}) AS listed WHERE listed.id = attempt.id)
UNION ALL
SELECT 'wrong answer', scope, subject,
       format('%%s was told %%s, and there is a booking', customer_id, answered)
FROM attempts AS attempt
WHERE workload = '{name}' AND action = 'book' AND outcome = 'confirmed'{in_scope}
  AND answered NOT IN ('confirmed', 'unknown')
  AND EXISTS (SELECT 1 FROM ({listing}) AS listed WHERE listed.id = attempt.id)
UNION ALL
SELECT 'wrong answer', attempt.scope, attempt.subject,
       format('%%s was told %%s, and there is a booking', attempt.customer_id, answered)
FROM ({unconfirmed}) AS listed
CROSS JOIN LATERAL (SELECT * FROM attempts WHERE attempts.id = listed.id OFFSET 0) AS attempt
WHERE workload = '{name}' AND action = 'book' AND answered NOT IN ('confirmed', 'unknown')
UNION ALL
SELECT 'orphan', scope, subject,
       format('%%s has a booking that no attempt accounts for', customer_id)
FROM ({unconfirmed}) AS listed
WHERE (SELECT count(*) FROM attempts WHERE attempts.id = listed.id AND action = 'book') = 0
UNION ALL
SELECT 'orphan', min(scope), min(subject),
       format('a booking of %%s is listed %%s times', min(customer_id), count(*))
FROM ({listing}) AS listed WHERE true{in_scope} GROUP BY id HAVING count(*) > 1
"""

# A changed booking exists, and is as its last change left it. A booking is cancelled once, and only
# by an attempt that was told so. Bookings of version 0.1.0 (transaction 0) are left out: that
# version did not record which booking an attempt cancelled.
_CHANGES = """
SELECT 'lost booking', scope, subject,
       format('%%s was told that a booking is changed (%%s), and there is none', customer_id,
              action)
FROM attempts AS attempt
WHERE {changed} AND {told}
  AND NOT EXISTS (SELECT 1 FROM ({listing}) AS listed WHERE listed.id = booking)
UNION ALL
SELECT 'wrong answer', scope, subject,
       format('%%s was told %%s, and the booking is changed (%%s)', customer_id, answered, action)
FROM attempts AS attempt
WHERE {changed} AND outcome = 'confirmed' AND answered NOT IN ('confirmed', 'unknown')
UNION ALL
SELECT 'lost update', listed.scope, listed.subject,
       format('%%s was told that it is cancelled, and it stands', listed.customer_id)
FROM attempts AS attempt JOIN ({listing}) AS listed ON listed.id = booking
WHERE {changed} AND action = 'cancel' AND {told}
  AND listed.status <> 'cancelled'
UNION ALL
SELECT 'orphan', scope, subject,
       format('a booking of %%s is cancelled, and no attempt accounts for it', customer_id)
FROM ({listing}) AS listed
WHERE status = 'cancelled'{in_scope} AND NOT EXISTS (
    SELECT FROM attempts AS attempt WHERE {changed} AND booking = listed.id AND action = 'cancel'
    AND outcome = 'confirmed')
  AND NOT EXISTS (SELECT FROM attempts WHERE attempts.id = listed.id AND txid = '0')
UNION ALL
SELECT 'lost update', min(scope), min(subject),
       format('%%s was told %%s times that one booking is cancelled', min(customer_id), count(*))
FROM attempts AS attempt WHERE {changed} AND action = 'cancel' AND {told}
GROUP BY booking HAVING count(*) > 1
UNION ALL
SELECT 'lost update', min(scope), min(subject),
       format('%%s was told %%s times that one booking is changed, each time from the same',
              min(customer_id), count(*))
FROM attempts AS attempt WHERE {changed} AND rests_on IS NOT NULL AND {told}
GROUP BY rests_on HAVING count(*) > 1
UNION ALL
SELECT 'lost update', listed.scope, listed.subject,
       format('%%s was told that a booking is moved, and it holds something else', customer_id)
FROM ({listing}) AS listed
WHERE status <> 'cancelled'{in_scope}
  AND EXISTS (SELECT FROM ({last_moves}) AS move WHERE move.booking = listed.id)
  AND NOT EXISTS (
    SELECT FROM ({last_moves}) AS move WHERE move.booking = listed.id AND NOT EXISTS (
        SELECT FROM jsonb_each(asked) AS told (field, wanted)
        JOIN jsonb_each(listed.details) AS shown (field, held) USING (field)
        WHERE NOT holds_as_told(wanted, held)))
"""
# Bookings without a confirmed attempt: few, if any. OFFSET 0 makes the planner look up the attempt
# of each one. A scan of all attempts would take a minute with millions of rows.
_UNCONFIRMED = """
    SELECT id, scope, subject, customer_id FROM ({listing}) AS listed
    WHERE NOT EXISTS (
        SELECT FROM attempts AS attempt
        WHERE attempt.workload = '{name}' AND outcome = 'confirmed' AND action = 'book'
          AND attempt.id = listed.id{of_scope}){in_scope}
    OFFSET 0"""
# A change that bypasses the API has no rests_on: then each move may be the last one.
_LAST_MOVES = """
    SELECT booking, asked FROM attempts AS attempt
    WHERE {changed} AND action = 'move' AND outcome = 'confirmed' AND NOT EXISTS (
        SELECT FROM attempts AS later
        WHERE later.rests_on = attempt.id AND later.outcome = 'confirmed')"""


#: Attempts that were confirmed, or answered so. The text matches two partial indexes of attempts.
_TOLD = "(outcome = 'confirmed' OR told_wrongly)"


def audit_sql(name: str, listing: str, *, one_scope: bool = False) -> str:
    """Return a query of all differences between the ledger and the bookings of a workload.

    Args:
        name: the name of the workload.
        listing: the workload's query of all bookings.
        one_scope: whether to compare only the scope in the parameter ``scope``.
    """
    in_scope = " AND scope = %(scope)s" if one_scope else ""
    of_scope = " AND attempt.scope = %(scope)s" if one_scope else ""
    changed = f"attempt.workload = '{name}' AND attempt.booking IS NOT NULL{of_scope}"
    about = {"name": name, "listing": listing, "in_scope": in_scope, "of_scope": of_scope}
    return f"{_BOOKINGS}UNION ALL{_CHANGES}".format(
        **about,
        told=_TOLD,
        unconfirmed=_UNCONFIRMED.format(**about),
        changed=changed,
        last_moves=_LAST_MOVES.format(changed=changed),
    )
