"""The violations that were ever seen: a count that resets and cancellations don't lower."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from booking_lab.core.lab_workload import Violation
from booking_lab.core.workload import Session

_RECORD = """
INSERT INTO violations_seen (workload, scope, subject, first, generation)
SELECT %(workload)s, found.scope, subject, first, coalesce(generation, 0)
FROM unnest(%(scopes)s::text[], %(subjects)s::text[], %(firsts)s::text[])
    AS found (scope, subject, first)
LEFT JOIN resets ON resets.workload = %(workload)s AND resets.scope = found.scope
ON CONFLICT DO NOTHING
"""
_COUNT = "SELECT workload, count(*) FROM violations_seen GROUP BY workload"


def record(session: Session, workload: str, violations: Iterable[Violation]) -> None:
    """Record ``violations``, unless they were recorded before.

    Two violations of one thing differ by the first booking that takes part.
    """
    found = [(one["scope"], one["subject"], _first(one)) for one in violations]
    if found:
        scopes, subjects, firsts = map(list, zip(*found, strict=True))
        about = {"scopes": scopes, "subjects": subjects, "firsts": firsts}
        session.execute(_RECORD, {"workload": workload, **about})


def counts(session: Session) -> Mapping[str, int]:
    """Return how many violations were ever seen, by workload."""
    return dict(session.execute(_COUNT))


def _first(violation: Violation) -> str:
    bookings = violation.get("bookings") or [{}]
    return str(bookings[0].get("booking_id", ""))
