"""The whole interface of a workload: bookings, tables, resets, checks, lists and scenarios."""

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
    """Something wrong in the tables.

    Attributes:
        anomaly: the kind.
        scope: the scope, as ``Bookable.scope`` returns it.
        subject: the thing that is wrong.
        detail: the values that disagree, in words.
    """

    anomaly: Anomaly
    scope: str
    subject: str
    detail: str


class LabWorkload(Bookable, ABC):
    """Base class of workloads.

    Attributes:
        name: the name in the API, which is the name of the module.
        request: the dataclass of a new booking. The API takes its fields, except those with the
            metadata ``INTERNAL``, and validates them by their annotations.
        listing: a query of all bookings; a moved booking is listed as it is now. The columns are
            ``id`` (the uuid of the request that made it), ``scope``, ``subject``, ``customer_id``,
            ``status`` (confirmed or cancelled), ``created_at`` and ``details`` (jsonb). A field of
            ``details`` with the name of a field of ``request`` holds the value that the booking has
            now.
        wrong: a query of everything that is wrong in the workload's own tables, with the columns
            of ``Finding``; a literal ``%`` is written ``%%``.

    A subclass implements the functions of ``Bookable`` and these:

    >>> sorted(LabWorkload.__abstractmethods__)
    ['available', 'changing', 'reset', 'scenarios', 'violations']
    """

    request: ClassVar[type[Request]]
    listing: ClassVar[str]
    wrong: ClassVar[str]

    def migrations(self) -> Path:
        """Return the folder of the numbered scripts that create its tables and its seed data.

        It is beside the code: ``migrations`` in a package, ``<module>_migrations`` beside a module.
        """
        code = Path(inspect.getfile(type(self)))
        package = code.stem == "__init__"
        return code.with_name("migrations" if package else f"{code.stem}_migrations")

    def schema(self) -> str:
        """Return the script of a workload without ``migrations``; deprecated.

        It runs at every start. It is beside the code: ``schema.sql`` in a package,
        ``<module>.sql`` beside a module.

        Raises:
            ConfigurationError: there is no script.
        """
        code = Path(inspect.getfile(type(self)))
        script = code.with_name("schema.sql" if code.stem == "__init__" else f"{code.stem}.sql")
        if not script.exists():
            raise ConfigurationError(f"There is no folder {self.migrations()} with its scripts.")
        return script.read_text()

    @abstractmethod
    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Clear all bookings of ``scope``, in the caller's transaction.

        Args:
            session: the session of the transaction.
            scope: the scope.
            generation: the count of resets; it is written into the contended rows.

        Returns:
            The number of bookings that were cleared.
        """

    @abstractmethod
    def available(self, session: Session) -> Mapping[str, int]:
        """Return the number of units that are left to book, by scope."""

    @abstractmethod
    def changing(
        self, session: Session, booking: UUID, changes: Mapping[str, Any] | None
    ) -> Request:
        """Return the request that moves a booking, or cancels it if ``changes`` is none.

        Args:
            session: the session to look the booking up with.
            booking: the id of the request that made the booking.
            changes: the new values by field of ``request``.

        Raises:
            BookingNotFound: there is no such booking.
            NotHeld: the booking is cancelled.
            InvalidRequest: these fields can't be changed, or not to these values.
        """

    def change(self, session: Session, booking: UUID, changes: Mapping[str, Any] | None) -> Request:
        """Return the request of ``changing``, with ``rests_on`` filled in.

        ``rests_on`` is read first. If the booking is changed between the two reads, the request
        rests on an old attempt, and can't be confirmed.
        """
        [(rests_on,)] = session.execute(LAST_CHANGE, {"booking": str(booking)})
        request = self.changing(session, booking, changes)
        return replace(request, rests_on=UUID(str(rests_on)))

    @abstractmethod
    def violations(self, session: Session) -> Sequence[Violation]:
        """Find things that were confirmed more often than they exist, from the booking rows.

        Each violation has at least ``anomaly``, ``scope`` and ``subject``. It lists the bookings
        with their customers, times and workers.
        """

    @abstractmethod
    def scenarios(self, bookers: int) -> Sequence[Scenario]:
        """Return the scenarios for so many bookers, the simplest first.

        In the first scenario, all bookers ask for one thing that they name.
        """

    def contests(self, bookers: int) -> Sequence[Scenario]:
        """Return ``scenarios`` and derived scenarios with moves and cancellations.

        Nothing is derived if the workload has scenarios with existing bookings itself.
        """
        scenarios = self.scenarios(bookers)
        return [*scenarios, *derived_scenarios(scenarios, bookers)]

    def violations_in(self, session: Session, scope: str | None) -> Sequence[Violation]:
        """Find the ``violations`` of ``scope``, or of all scopes if it is none."""
        found = self.violations(session)
        return found if scope is None else [one for one in found if one["scope"] == scope]

    def audit_sql(self, *, one_scope: bool = False) -> str:
        """Return the query of all findings: ``wrong``, and differences from the ledger.

        Args:
            one_scope: whether to audit only the scope in the parameter ``scope``.
        """
        wrong = self.wrong
        if one_scope:
            wrong = f"SELECT * FROM ({wrong}) AS wrong WHERE scope = %(scope)s"
        differences = audit_sql(self.name, self.listing, one_scope=one_scope)
        return f"{wrong}\nUNION ALL\n{differences}"

    def findings(self, session: Session, scope: str | None = None) -> Sequence[Finding]:
        """Find everything that is wrong in ``scope``, or in all scopes if it is none."""
        rows = session.execute(self.audit_sql(one_scope=scope is not None), {"scope": scope})
        return [Finding(Anomaly(row[0]), *row[1:]) for row in rows]
