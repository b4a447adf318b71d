"""A session that prepares statements which repeat in every schedule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count

from booking_lab.core.statement import Statement
from booking_lab.core.workload import Row
from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.session import PostgresSession

#: A single statement that PostgreSQL plans.
_PLANNED = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH)\b[^;]*", re.IGNORECASE)
#: Planned statements that change the session itself.
_LASTING = re.compile(r"\b(set_config|TEMP|TEMPORARY)\b", re.IGNORECASE)
#: The number of remembered texts; a statement that repeats does so within that many others.
_MOST_REMEMBERED = 10_000


class PreparingSession(PostgresSession):
    """Prepares a statement when it is sent for the second time.

    Planning a small statement takes longer than running it. The text is prepared with its values
    filled in: it has no parameters, so that its plan is the same as without preparation.

    Attributes:
        is_altered: whether a statement may have changed the session itself, such as a setting or a
            temporary table, and not only rows and locks.
    """

    def __init__(self, raw: BoundedConnection) -> None:
        super().__init__(raw)
        self.is_altered = False
        self._names: dict[str, str] = {}
        self._seen: set[str] = set()
        self._numbers = count(1)

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows; an empty list if it returns none."""
        if isinstance(statement, Statement):  # prepared with its parameters, as in the service
            return super().execute(statement, parameters)
        text = self._cursor.mogrify(statement, parameters).decode()
        if name := self._names.get(text):
            return super().execute(f"EXECUTE {name}")
        if text not in self._seen:
            planned = _PLANNED.fullmatch(text)
            self.is_altered |= not planned or bool(_LASTING.search(text))
            rows = super().execute(text)
            # A statement that fails is never prepared: PREPARE could fail as well.
            if planned:
                self._remember(text)
            return rows
        self._seen.remove(text)
        name = f"again_{next(self._numbers)}"
        # Both in one message, so that it stays one step.
        rows = super().execute(f"PREPARE {name} AS {text}\n;\nEXECUTE {name}")
        self._names[text] = name
        return rows

    def _remember(self, text: str) -> None:
        if len(self._seen) == _MOST_REMEMBERED:
            self._seen.clear()
        self._seen.add(text)
