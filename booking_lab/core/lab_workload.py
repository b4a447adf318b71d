"""What the lab around the bookings wants of a workload: tables, resets, checks, lists, contests."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from booking_lab.core.audit_sql import LAST_CHANGE, audit_sql
from booking_lab.core.scenario import Scenario, derived_scenarios
from booking_lab.core.strategy import Anomaly
from booking_lab.core.workload import Bookable, Request, Session
from booking_lab.errors import ConfigurationError

__all__ = ["Finding", "LabWorkload", "Scenario", "Violation"]

Violation = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    Attributes:
        anomaly: what kind of wrong.
        scope: the scope, as ``Bookable.scope`` has it.
        subject: the thing that it is about.
        detail: what disagrees.
    """

    anomaly: Anomaly
    scope: str
    subject: str
    detail: str


class LabWorkload(Bookable, ABC):
    """A workload with its tables.

    Attributes:
        name: as it stands in the API.
        request: the dataclass of a new booking. Its fields, but for those of ``INTERNAL``, are what
            the API takes, validated by their annotations.
        listing: a query of all bookings that were made, moved ones as they are now, with the
            columns ``id`` (the uuid of the request that made it), ``scope``, ``subject``,
            ``customer_id``, ``status`` (confirmed or cancelled), ``created_at`` and ``details``
            (jsonb). A field of ``details`` that bears the name of a field of ``request`` says what
            the booking holds of it.
        wrong: a query of everything that is wrong in the workload's own tables, with the columns
            of ``Finding``; a literal ``%`` is written ``%%``.

    Beside what every ``Bookable`` has, it needs these:

    >>> sorted(LabWorkload.__abstractmethods__)
    ['available', 'changing', 'reset', 'scenarios', 'violations']
    """

    request: ClassVar[type[Request]]
    listing: ClassVar[str]
    wrong: ClassVar[str]

    def migrations(self) -> Path:
        """The folder of the numbered scripts that make its tables and its seed data.

        It stands beside the code: ``migrations`` in a package, ``<module>_migrations`` beside a
        module.
        """
        code = Path(inspect.getfile(type(self)))
        package = code.stem == "__init__"
        return code.with_name("migrations" if package else f"{code.stem}_migrations")

    def schema(self) -> str:
        """The script of a workload without ``migrations``, run at every start; deprecated.

        It stands beside the code: ``schema.sql`` in a package, ``<module>.sql`` beside a module.

        Raises:
            ConfigurationError: there is none.
        """
        code = Path(inspect.getfile(type(self)))
        script = code.with_name("schema.sql" if code.stem == "__init__" else f"{code.stem}.sql")
        if not script.exists():
            raise ConfigurationError(f"There is no folder {self.migrations()} with its scripts.")
        return script.read_text()

    @abstractmethod
    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Clear all bookings of ``scope``; return how many. Runs in the caller's transaction."""

    @abstractmethod
    def available(self, session: Session) -> Mapping[str, int]:
        """How much is left to book, by scope."""

    @abstractmethod
    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> Request:
        """Return the request that moves a booking, or cancels it if ``changes`` is none.

        Args:
            session: to look the booking up.
            booking: the id of the request that made it.
            changes: the fields of ``request`` that shall be different.

        Raises:
            BookingNotFound: there is none.
            NotHeld: it is cancelled.
            InvalidRequest: these fields can't be changed so.
        """

    def change(self, session: Session, booking: UUID, changes: Mapping[str, Any] | None) -> Request:
        """Return what ``changing`` does, with what it rests on.

        That is looked up first: if the booking is changed between the two, the request comes too
        late, and can't write anything.
        """
        [(rests_on,)] = session.execute(LAST_CHANGE, {"booking": str(booking)})
        request = self.changing(session, booking, changes)
        return replace(request, rests_on=UUID(str(rests_on)))

    @abstractmethod
    def violations(self, session: Session) -> Sequence[Violation]:
        """Find what was promised more often than it is there, with who, when and by which worker.

        From the booking rows. Each has at least ``anomaly``, ``scope`` and ``subject``.
        """

    @abstractmethod
    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        """Return what ``bookers`` can contend for, the plainest first.

        The first is about new bookings of one thing, and leaves nothing to be chosen.
        """

    def contests(self, bookers: int) -> Sequence[Scenario]:
        """The scenarios, and those that follow from them: bookings that are moved and cancelled.

        A workload whose own scenarios begin with bookings that stand already is taken at its word.
        """
        scenarios = self.scenarios(bookers)
        return [*scenarios, *derived_scenarios(scenarios, bookers)]

    def violations_in(self, session: Session, scope: str | None) -> Sequence[Violation]:
        """Find the ``violations`` of ``scope``; none: of all scopes."""
        found = self.violations(session)
        return found if scope is None else [one for one in found if one["scope"] == scope]

    def audit_sql(self, *, one_scope: bool = False) -> str:
        """A query of all findings: the tables against each other, and against the answers.

        Args:
            one_scope: whether only the scope that the parameter ``scope`` names is looked at.
        """
        wrong = self.wrong
        if one_scope:
            wrong = f"SELECT * FROM ({wrong}) AS wrong WHERE scope = %(scope)s"
        differences = audit_sql(self.name, self.listing, one_scope=one_scope)
        return f"{wrong}\nUNION ALL\n{differences}"

    def findings(self, session: Session, scope: str | None = None) -> Sequence[Finding]:
        """Find everything that is wrong in ``scope``; none: in any."""
        rows = session.execute(self.audit_sql(one_scope=scope is not None), {"scope": scope})
        return [Finding(Anomaly(row[0]), *row[1:]) for row in rows]
