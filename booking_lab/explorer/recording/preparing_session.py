"""A session whose statements come again in every schedule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count

from booking_lab.core.statement import Statement
from booking_lab.core.workload import Row
from booking_lab.db.bounded import BoundedConnection
from booking_lab.db.session import Session

#: One statement that has a plan, and no second one behind it.
_PLANNED = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH)\b[^;]*", re.IGNORECASE)
#: Statements that have one, and change the session itself.
_LASTING = re.compile(r"\b(set_config|TEMP|TEMPORARY)\b", re.IGNORECASE)
#: Texts that are kept in mind; a statement that repeats itself does so before that many others.
_MOST_REMEMBERED = 10_000


class PreparingSession(Session):
    """Has PostgreSQL plan a statement once, and not again in each schedule.

    Planning a small statement takes longer than running it. A strategy's own statement that comes a
    second time, with the same values, is prepared as it stands: it has no parameters left, so its
    plan is the one that it would get each time.

    Attributes:
        is_altered: whether anything was sent that may leave more behind than rows and locks: a
            setting, a temporary table.
    """

    def __init__(self, raw: BoundedConnection) -> None:
        super().__init__(raw)
        self.is_altered = False
        self._names: dict[str, str] = {}
        self._seen: set[str] = set()
        self._numbers = count(1)

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        """Run one statement and return its rows, none if it returns none."""
        if isinstance(statement, Statement):  # prepared with its parameters, as in the service
            return super().execute(statement, parameters)
        text = self._cursor.mogrify(statement, parameters).decode()
        if name := self._names.get(text):
            return super().execute(f"EXECUTE {name}")
        if text not in self._seen:
            planned = _PLANNED.fullmatch(text)
            self.is_altered |= not planned or bool(_LASTING.search(text))
            rows = super().execute(text)
            # What fails is never prepared: it could fail in preparing as well.
            if planned:
                self._remember(text)
            return rows
        self._seen.remove(text)
        name = f"again_{next(self._numbers)}"
        # In one message, so that it is one step here as well.
        rows = super().execute(f"PREPARE {name} AS {text}\n;\nEXECUTE {name}")
        self._names[text] = name
        return rows

    def _remember(self, text: str) -> None:
        if len(self._seen) == _MOST_REMEMBERED:
            self._seen.clear()
        self._seen.add(text)
