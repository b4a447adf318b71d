"""The findings of an exploration: counts, and the schedules to show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from booking_lab.core.verdict import Verdict, combined
from booking_lab.errors import StrategyFault
from booking_lab.explorer.recording.schedule_run import ScheduleRun


@dataclass
class Exploration:
    """The findings so far.

    Attributes:
        schedules: the number of schedules that were run.
        stands_for: the number of schedules that these stand for; a schedule also stands for those
            in which bookers with the same request are exchanged.
        bad: the number of schedules with findings.
        bad_stand_for: the number of schedules that the bad ones stand for.
        anomalies: the number of schedules with each anomaly.
        outcomes: the number of bookers with each outcome, over all schedules.
        deadlocks: the number of schedules with a deadlock.
        serialised: the number of schedules in which bookers that share nothing waited for each
            other or conflicted.
        serial: the shortest of these; none: there was none.
        faults: the number of schedules in which the strategy's own code failed.
        faulty: the shortest of these; none: there was none.
        worst: the shortest bad schedule; none: there was none.
        last: the schedule that was run last.
        seconds: the duration.
        complete: whether all possible schedules were run.
        interrupted: whether Ctrl-C ended the exploration.
        shares_memory: whether the strategy used memory that the threads of a process share, or its
            code may keep state there, so that the number of processes matters.
    """

    schedules: int = 0
    stands_for: int = 0
    bad: int = 0
    bad_stand_for: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    deadlocks: int = 0
    serialised: int = 0
    serial: ScheduleRun | None = None
    faults: int = 0
    faulty: ScheduleRun | None = None
    worst: ScheduleRun | None = None
    last: ScheduleRun | None = None
    seconds: float = 0.0
    complete: bool = False
    interrupted: bool = False
    shares_memory: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict on the schedules that were run."""
        parts = [Verdict.SAFE if self.schedules else Verdict.INCONCLUSIVE]
        if self.interrupted:
            parts.append(Verdict.UNKNOWN)
        if self.bad or self.faults:
            parts.append(Verdict.WRONG)
        return combined(parts)

    def add(self, schedule_run: ScheduleRun, stands_for: int = 1) -> None:
        """Count one more schedule, which stands for ``stands_for``."""
        self.schedules += 1
        self.stands_for += stands_for
        self.bad += schedule_run.bad
        self.bad_stand_for += stands_for * schedule_run.bad
        self.anomalies.update(schedule_run.anomalies)
        self.outcomes.update(ending.outcome for ending in schedule_run.endings.values())
        self.deadlocks += any(event.deadlock for event in schedule_run.events)
        self.last = schedule_run
        if schedule_run.bad and (self.worst is None or schedule_run.rank < self.worst.rank):
            self.worst = schedule_run
        if schedule_run.serialised:
            self.serialised += 1
            if self.serial is None or schedule_run.rank < self.serial.rank:
                self.serial = schedule_run
        if any(ending.code == StrategyFault.code for ending in schedule_run.endings.values()):
            self.faults += 1
            if self.faulty is None or schedule_run.rank < self.faulty.rank:
                self.faulty = schedule_run

    def merge(self, other: Exploration) -> None:
        """Add the counts of another part of the same exploration, without its schedule runs."""
        self.schedules += other.schedules
        self.stands_for += other.stands_for
        self.bad += other.bad
        self.bad_stand_for += other.bad_stand_for
        self.anomalies.update(other.anomalies)
        self.outcomes.update(other.outcomes)
        self.deadlocks += other.deadlocks
        self.serialised += other.serialised
        self.faults += other.faults
        self.interrupted |= other.interrupted
        self.shares_memory |= other.shares_memory
