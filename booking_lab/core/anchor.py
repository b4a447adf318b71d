"""The row that stands for the contended thing."""

from __future__ import annotations

from dataclasses import dataclass

Parameters = dict[str, object]


@dataclass(frozen=True, order=True)
class Anchor:
    """One row that bookings contend for: it yields the row lock, the version and the lock key.

    Anchors sort by table and key; whoever takes several takes them in that order, so that two
    requests can't wait for each other.

    Attributes:
        table: the row's table, which has the columns ``version`` and ``fence``. Comes from code,
            never from input.
        key: the row's key as (column, value) pairs, in the order of the table's key.

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
        """A key for locks outside the database, such as ``seats:1:A1``."""
        return ":".join([self.table, *(str(value) for _, value in self.key)])

    @property
    def parameters(self) -> Parameters:
        """The key's values by column, for the statements below."""
        return dict(self.key)

    @property
    def lock(self) -> str:
        """The statement that takes the row lock, or waits for it."""
        return f"SELECT 1 FROM {self.table} WHERE {self.where} FOR UPDATE"

    @property
    def read_version(self) -> str:
        """The statement that reads the version."""
        return f"SELECT version FROM {self.table} WHERE {self.where}"

    @property
    def bump_version(self) -> str:
        """Compare-and-set: moves the version on if it is still ``%(seen)s``."""
        return (
            f"UPDATE {self.table} SET version = version + 1 "
            f"WHERE {self.where} AND version = %(seen)s"
        )

    @property
    def move_fence(self) -> str:
        """Registers the token ``%(token)s``; returns whether it is the highest yet, and the row.

        The second column is null if there is no such row.
        """
        return (
            f"WITH moved AS (UPDATE {self.table} SET fence = %(token)s "
            f"WHERE {self.where} AND fence < %(token)s RETURNING 1) "
            f"SELECT EXISTS (SELECT 1 FROM moved), (SELECT fence FROM {self.table} "
            f"WHERE {self.where})"
        )

    @property
    def where(self) -> str:
        """The condition that finds the row, for its ``parameters``."""
        return " AND ".join(f"{column} = %({column})s" for column, _ in self.key)
