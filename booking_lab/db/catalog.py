"""The objects of a database schema: columns, constraints, indexes, functions, sequences."""

from __future__ import annotations

from collections.abc import Iterable

from booking_lab.core.workload import Session

#: The number of missing objects that a message names.
_MAX_NAMED = 3

_OBJECTS = """
WITH relations AS (
    SELECT pg_class.oid, relname, relkind FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = current_schema()
)
SELECT format('column %I.%I %s', relname, attname, format_type(atttypid, atttypmod))
FROM relations JOIN pg_attribute ON attrelid = relations.oid
WHERE relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('constraint %I of %I', conname, relname)
FROM relations JOIN pg_constraint ON conrelid = relations.oid
WHERE contype <> 'n'  -- only newer servers have those in this table
UNION ALL
SELECT format('trigger %I of %I', tgname, relname)
FROM relations JOIN pg_trigger ON tgrelid = relations.oid WHERE NOT tgisinternal
UNION ALL
SELECT format(CASE relkind WHEN 'S' THEN 'sequence %I' ELSE 'index %I' END, relname)
FROM relations WHERE relkind IN ('S', 'i')
UNION ALL
SELECT format('function %I(%s)', proname, pg_get_function_identity_arguments(pg_proc.oid))
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname = current_schema()
"""


def objects(session: Session) -> frozenset[str]:
    """Return the names of all objects in the first schema of the search path.

    A column's name includes its type. The definitions of other objects are left out: versions of
    PostgreSQL print them in different ways.
    """
    return frozenset(str(name) for (name,) in session.execute(_OBJECTS))


def abbreviated(lacking: Iterable[str]) -> str:
    """Return the first of these objects and the number of the others, for a message."""
    # Columns come first: if a table is missing, all of its objects are.
    names = sorted(lacking)
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more
