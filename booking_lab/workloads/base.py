"""What the lab around the bookings wants of a workload."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Protocol

from booking_lab.core.workload import Session, Workload

Violation = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """Something that the audit found: two accounts of the same thing that disagree.

    Attributes:
        kind: ``lost update``, ``orphan``, ``lost booking`` or ``wrong answer``.
        subject: the thing that it is about.
        detail: what disagrees.
    """

    kind: str
    subject: str
    detail: str


class LabWorkload(Workload, Protocol):
    """A workload with its tables: what resets, checks and gauges need besides booking."""

    #: The folder-relative name of the schema file beside the workload's module.
    script: str

    def schema(self) -> str:
        """The script that creates the tables and the seed data that aren't there yet."""
        return resources.files("booking_lab.workloads").joinpath(self.script).read_text()

    @abstractmethod
    def reset(self, session: Session, scope: str, generation: int) -> int:
        """Clear all bookings of ``scope``; return how many. Runs in the caller's transaction."""

    @abstractmethod
    def violations(self, session: Session) -> Sequence[Violation]:
        """Find what was booked twice, from the booking rows."""

    @abstractmethod
    def audit(self, session: Session) -> Sequence[Finding]:
        """Compare all accounts of what is booked; return where they disagree."""

    @abstractmethod
    def available(self, session: Session) -> Mapping[str, int]:
        """How much is left to book, by scope."""
