"""Which violations were ever seen: a count that goes on over resets and cancellations."""

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
    """Take down what is promised more often than it is there, unless it has been already.

    The first booking that has its part in it tells one from the next of the same thing.
    """
    found = [(one["scope"], one["subject"], _first(one)) for one in violations]
    if found:
        scopes, subjects, firsts = map(list, zip(*found, strict=True))
        about = {"scopes": scopes, "subjects": subjects, "firsts": firsts}
        session.execute(_RECORD, {"workload": workload, **about})


def counts(session: Session) -> Mapping[str, int]:
    """How many were ever seen, by workload."""
    return dict(session.execute(_COUNT))


def _first(violation: Violation) -> str:
    bookings = violation.get("bookings") or [{}]
    return str(bookings[0].get("booking_id", ""))
