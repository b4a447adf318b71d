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

# What is changed is there, and as it was changed last; a booking is cancelled once, and by nobody
# but who was told so. Of a booking that version 0.1.0 has made (transaction 0), it may have been
# that version that cancelled it, which did not write down what it cancelled.
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
# Bookings without a confirmed attempt: few, if any. What they have is looked up for each, whatever
# the planner reckons (OFFSET 0): to read all attempts would take a minute when there are millions.
_UNCONFIRMED = """
    SELECT id, scope, subject, customer_id FROM ({listing}) AS listed
    WHERE NOT EXISTS (
        SELECT FROM attempts AS attempt
        WHERE attempt.workload = '{name}' AND outcome = 'confirmed' AND action = 'book'
          AND attempt.id = listed.id{of_scope}){in_scope}
    OFFSET 0"""
# Who changes a booking past the API does not say what it rests on: then each may be the last.
_LAST_MOVES = """
    SELECT booking, asked FROM attempts AS attempt
    WHERE {changed} AND action = 'move' AND outcome = 'confirmed' AND NOT EXISTS (
        SELECT FROM attempts AS later
        WHERE later.rests_on = attempt.id AND later.outcome = 'confirmed')"""


#: Who has a booking, or was told so. Written as the two partial indexes of ``attempts`` have it.
_TOLD = "(outcome = 'confirmed' OR told_wrongly)"


def audit_sql(name: str, listing: str, *, one_scope: bool = False) -> str:
    """Return a query of everything on which the ledger and the bookings differ.

    Args:
        name: the workload's.
        listing: its query of all bookings.
        one_scope: whether only the scope that the parameter ``scope`` names is looked at.
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
