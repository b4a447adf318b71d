"""Holds what is booked against what customers were told: bookings, moves and cancellations."""

from __future__ import annotations

#: The attempt that has made a booking what it is: the end of the chain of its changes.
LAST_CHANGE = """
WITH RECURSIVE chain (id, number) AS (
    SELECT %(booking)s::uuid, 0
    UNION ALL
    SELECT attempts.id, number + 1 FROM attempts JOIN chain ON rests_on = chain.id
    WHERE outcome = 'confirmed'
)
SELECT id FROM chain ORDER BY number DESC LIMIT 1
"""

# An attempt that books and stands has a booking, and the other way round. The answers given are
# compared as well, as far as they are written down already.
_BOOKINGS = """
SELECT 'lost booking' AS anomaly, scope, subject,
       format('%%s was told confirmed, and there is no booking', customer_id) AS detail
FROM attempts AS attempt
WHERE workload = '{name}' AND action = 'book' AND 'confirmed' IN (outcome, answered)
  AND NOT EXISTS (SELECT 1 FROM ({listing}) AS listed WHERE listed.id = attempt.id)
UNION ALL
SELECT 'wrong answer', scope, subject,
       format('%%s was told %%s, and there is a booking', customer_id, answered)
FROM attempts AS attempt
WHERE workload = '{name}' AND action = 'book' AND answered NOT IN ('confirmed', 'unknown')
  AND EXISTS (SELECT 1 FROM ({listing}) AS listed WHERE listed.id = attempt.id)
UNION ALL
SELECT 'orphan', scope, subject,
       format('%%s has a booking that no attempt accounts for', customer_id)
FROM ({listing}) AS listed
WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.id = listed.id AND action = 'book')
UNION ALL
SELECT 'orphan', min(scope), min(subject),
       format('a booking of %%s is listed %%s times', min(customer_id), count(*))
FROM ({listing}) AS listed GROUP BY id HAVING count(*) > 1
"""

# What is changed is there, and as it was changed last; a booking is cancelled once, and by nobody
# but who was told so.
_CHANGES = """
SELECT 'lost booking', scope, subject,
       format('%%s was told that a booking is changed (%%s), and there is none', customer_id,
              action)
FROM attempts AS attempt
WHERE {changed} AND 'confirmed' IN (outcome, answered)
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
WHERE {changed} AND action = 'cancel' AND 'confirmed' IN (outcome, answered)
  AND listed.status <> 'cancelled'
UNION ALL
SELECT 'orphan', scope, subject,
       format('a booking of %%s is cancelled, and no attempt accounts for it', customer_id)
FROM ({listing}) AS listed
WHERE status = 'cancelled' AND NOT EXISTS (
    SELECT FROM attempts WHERE {changed} AND booking = listed.id AND action = 'cancel'
    AND outcome = 'confirmed')
UNION ALL
SELECT 'lost update', min(scope), min(subject),
       format('%%s was told %%s times that one booking is cancelled', min(customer_id), count(*))
FROM attempts WHERE {changed} AND action = 'cancel' AND 'confirmed' IN (outcome, answered)
GROUP BY booking HAVING count(*) > 1
UNION ALL
SELECT 'lost update', min(scope), min(subject),
       format('%%s was told %%s times that one booking is changed, each time from the same',
              min(customer_id), count(*))
FROM attempts WHERE {changed} AND rests_on IS NOT NULL AND 'confirmed' IN (outcome, answered)
GROUP BY rests_on HAVING count(*) > 1
UNION ALL
SELECT 'lost update', listed.scope, listed.subject,
       format('%%s was told that a booking is moved, and it holds something else', customer_id)
FROM ({listing}) AS listed
WHERE status <> 'cancelled'
  AND EXISTS (SELECT FROM ({last_moves}) AS move WHERE move.booking = listed.id)
  AND NOT EXISTS (
    SELECT FROM ({last_moves}) AS move WHERE move.booking = listed.id AND NOT EXISTS (
        SELECT FROM jsonb_each(asked) AS told (field, wanted)
        JOIN jsonb_each(listed.details) AS shown (field, held) USING (field)
        WHERE NOT holds_as_told(wanted, held)))
"""
# Who changes a booking past the API does not say what it rests on: then each may be the last.
_LAST_MOVES = """
    SELECT booking, asked FROM attempts AS attempt
    WHERE {changed} AND action = 'move' AND outcome = 'confirmed' AND NOT EXISTS (
        SELECT FROM attempts AS later
        WHERE later.rests_on = attempt.id AND later.outcome = 'confirmed')"""


def accounts(name: str, listing: str) -> str:
    """Return a query of everything on which the ledger and the bookings differ.

    Args:
        name: the workload's.
        listing: its query of all bookings.
    """
    changed = f"workload = '{name}' AND booking IS NOT NULL"
    return f"{_BOOKINGS}UNION ALL{_CHANGES}".format(
        name=name, listing=listing, changed=changed, last_moves=_LAST_MOVES.format(changed=changed)
    )
