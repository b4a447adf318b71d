"""Anchors: the rows that bookings contend for, and the statements on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from booking_lab.core.statement import Statement

Parameters = dict[str, object]


@dataclass(frozen=True, order=True)
class Anchor:
    """A row that bookings contend for. The row lock, the version and the lock key belong to it.

    Anchors sort by table and key. Bookings lock several anchors in that order, so that no two of
    them wait for each other.

    Attributes:
        table: the table of the row, with the columns ``version`` and ``fence``. The name comes from
            code, never from input.
        key: the key of the row as (column, value) pairs, in the order of the table's key.

    >>> desk = Anchor("desks", (("floor", 1), ("desk", "a")))
    >>> desk.name
    'desks:1:a'
    >>> desk.lock
    'SELECT 1 FROM desks WHERE floor = %(floor)s AND desk = %(desk)s FOR UPDATE'
    >>> desk.parameters
    {'floor': 1, 'desk': 'a'}
    >>> sorted([desk, Anchor("desks", (("floor", 1), ("desk", "B")))])[0].name
    'desks:1:B'
    """

    table: str
    key: tuple[tuple[str, int | str], ...]

    @property
    def name(self) -> str:
        """The name of the row for locks outside the database, such as ``seats:1:A1``."""
        return ":".join([self.table, *(str(value) for _, value in self.key)])

    @property
    def parameters(self) -> Parameters:
        """The values of the key by column, as parameters of the statements below."""
        return dict(self.key)

    @property
    def lock(self) -> Statement:
        """The statement that takes the row lock, and waits for it if necessary."""
        return self._statements.lock

    @property
    def lock_nowait(self) -> Statement:
        """The statement that takes the row lock, and fails if another session has it."""
        return self._statements.lock_nowait

    @property
    def read_version(self) -> Statement:
        """The statement that reads the version."""
        return self._statements.read_version

    @property
    def bump_version(self) -> str:
        """Compare-and-set: the statement that raises the version if it is still ``%(seen)s``."""
        return self._statements.bump_version

    @property
    def bump_version_returning(self) -> Statement:
        """The same statement; it returns a row if the version was raised."""
        return self._statements.bump_version_returning

    @property
    def register_token(self) -> Statement:
        """The statement that registers the fencing token ``%(token)s``.

        Its first column is true if the token is the highest so far. The second column is the
        highest token before, and null if the row does not exist.
        """
        return self._statements.register_token

    @property
    def _statements(self) -> _Statements:
        return _statements(self.table, tuple(column for column, _ in self.key))

    @property
    def where(self) -> str:
        """The SQL condition that finds the row, for ``parameters``."""
        return _where([column for column, _ in self.key])


@dataclass(frozen=True)
class _Statements:
    """The statements on the anchors of one table."""

    lock: Statement
    lock_nowait: Statement
    read_version: Statement
    bump_version: str
    bump_version_returning: Statement
    register_token: Statement


@lru_cache
def _statements(table: str, columns: tuple[str, ...]) -> _Statements:
    where = _where(columns)
    lock = f"SELECT 1 FROM {table} WHERE {where} FOR UPDATE"
    bump = f"UPDATE {table} SET version = version + 1 WHERE {where} AND version = %(seen)s"
    return _Statements(
        lock=Statement(lock),
        lock_nowait=Statement(f"{lock} NOWAIT"),
        read_version=Statement(f"SELECT version FROM {table} WHERE {where}"),
        bump_version=bump,
        bump_version_returning=Statement(f"{bump} RETURNING 1"),
        register_token=Statement(
            f"WITH moved AS (UPDATE {table} SET fence = %(token)s "
            f"WHERE {where} AND fence < %(token)s RETURNING 1) "
            f"SELECT EXISTS (SELECT 1 FROM moved), (SELECT fence FROM {table} WHERE {where})"
        ),
    )


def _where(columns: Sequence[str]) -> str:
    return " AND ".join(f"{column} = %({column})s" for column in columns)
