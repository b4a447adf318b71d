"""The scheduler: runs one schedule, and finds out after each move which bookers can move."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from booking_lab.core.step import StepKind, StepName
from booking_lab.errors import BookingLabError, DeadlockDetected, LockTimeout
from booking_lab.explorer.recording.digest import digest_of_events
from booking_lab.explorer.recording.schedule_run import BookerAnswer, MoveEvent, ScheduleRun
from booking_lab.explorer.scheduler.booker import Booker, BookerState
from booking_lab.explorer.scheduler.clock import ScheduledClock
from booking_lab.explorer.scheduler.fifo_repair import TRIES, Choose, is_reordered, repeating
from booking_lab.explorer.scheduler.held_sessions import can_be_held, hold, let_go
from booking_lab.explorer.scheduler.nemesis import Nemesis
from booking_lab.explorer.scheduler.scenario_database import ScenarioDatabase
from booking_lab.explorer.search.schedule import ScheduleMove, schedule_text
from booking_lab.explorer.search.search import Fork

#: Seconds after a message before the scheduler checks whether its sender waits for a lock. Each
#: further check comes after twice the time: on a busy machine, checks would slow down the sender.
_FIRST_CHECK_AFTER = 0.001
#: Seconds after which a booker that neither stops nor waits for another booker is an error.
_STUCK_AFTER = 20.0
#: The highest number of moves of a schedule. Five bookers with the default number of tries make a
#: few hundred moves.
_MOST_MOVES = 2000
#: The number of moves that an error shows from the beginning and from the end.
_SHOWN_MOVES = 30
_TIME = ScheduleMove("time", "passes")


class Stuck(BookingLabError):
    """A booker neither stopped nor waits for another booker."""


class Endless(BookingLabError):
    """A schedule does not end: a booker tries again and again.

    Such a schedule can't be judged, and neither can the strategy. So this is an error of the
    exploration, whatever the other schedules have shown.
    """


class Scheduler:
    """Runs schedules of bookers and nemeses.

    Args:
        database: the database.
        bookers: the bookers.
        nemeses: the nemeses; each strikes at most once in a schedule.
        clock: the bookers' clock.
        arrivals: the queue to which bookers add themselves when they have stopped or ended.
        strategy: the names of the strategies, for errors.
    """

    def __init__(
        self,
        database: ScenarioDatabase,
        bookers: Sequence[Booker],
        nemeses: Sequence[Nemesis],
        clock: ScheduledClock,
        arrivals: SimpleQueue[Booker],
        strategy: str,
    ) -> None:
        self._database = database
        self._bookers = {booker.name: booker for booker in bookers}
        self._nemeses = {nemesis.name: nemesis for nemesis in nemeses}
        self._clock = clock
        self._arrivals = arrivals
        self._strategy = strategy
        #: The bookers that wait in PostgreSQL, in the order in which they began to wait.
        self._waiting: list[Booker] = []
        #: The names of the bookers that each of them waits for.
        self._waits: dict[str, tuple[str, ...]] = {}
        #: The bookers of them whose sessions are stopped, and the processes of these sessions.
        self._held: dict[Booker, int] = {}
        self._keeps_order = False
        self._struck: set[str] = set()
        self._is_reordered = self._accepts_reordering = False
        self._move_count = 0
        #: The number of the move that ended each booker.
        self._last_moves: dict[str, int] = {}

    def run(self, begin: Callable[[], None], choose: Choose) -> ScheduleRun:
        """Run one schedule to its end; ``choose`` chooses each move among the possible ones.

        PostgreSQL sometimes lets lock waiters go on out of order. Where the scheduler can't stop
        their sessions, such a run is discarded and repeated, up to ``TRIES`` times. If the order is
        wrong every time, the strategy causes it, and the last run counts.

        Raises:
            Stuck: a booker neither stopped nor waits for another booker.
            Endless: the schedule does not end.
            Diverged: a repeated run was not the same.
        """
        picked: list[Fork] = []
        for left in range(TRIES, 0, -1):
            self._accepts_reordering = left == 1
            schedule_run = self._run_once(begin, repeating(picked, choose))
            if not self._is_reordered:
                break
        return schedule_run

    def _run_once(self, begin: Callable[[], None], choose: Choose) -> ScheduleRun:
        try:
            return self._run_to_end(begin, choose)
        finally:
            for booker in list(self._held):  # after an error
                self._let_go(booker)

    def _run_to_end(self, begin: Callable[[], None], choose: Choose) -> ScheduleRun:
        self._reset()
        begin()
        self._wait_until_idle()
        schedule: list[ScheduleMove] = []
        events: list[MoveEvent] = []
        digest = 0
        while moves := self._moves():
            if len(schedule) == _MOST_MOVES:
                raise self._endless(schedule)
            # A run that will be discarded still has to reach its end.
            digest = digest_of_events(
                digest, (*events[-1:], *(one.event for one in self._bookers.values()))
            )
            move = moves[0] if self._is_reordered else choose(moves, digest)
            event = MoveEvent(move, "")
            schedule.append(move)
            events.append(event)
            self._move_count = len(events)
            self._perform(move, event)
        answers = {name: self._answer(booker, schedule) for name, booker in self._bookers.items()}
        endings = {name: answer.ending for name, answer in answers.items()}
        findings = self._database.findings(answers, self._ids())
        # A nemesis may cause waits between bookers that share nothing.
        apart = self._database.is_disjoint and not self._nemeses
        return ScheduleRun(tuple(schedule), events, endings, findings, apart)

    def _answer(self, booker: Booker, schedule: Sequence[ScheduleMove]) -> BookerAnswer:
        moves = (number for number, move in enumerate(schedule, 1) if move.actor == booker.name)
        return BookerAnswer(
            booker.request, booker.ending, next(moves, 0), self._last_moves[booker.name]
        )

    def _reset(self) -> None:
        """Restore the state before the first move, in the tables and in the bookers."""
        self._is_reordered, self._move_count = False, 0
        self._struck.clear()
        self._waiting = []
        self._clock.reset()
        for booker in self._bookers.values():
            booker.waits_for_others = False
            if booker.is_in_transaction:  # its code has not ended the transaction
                booker.session.close_abruptly()
        self._wait_for_closed_sessions()
        keepers = self._database.reset()
        for booker in self._bookers.values():
            if booker.process_id in keepers:
                booker.session.release_session_locks()
            booker.replace_altered_connection()

    def _endless(self, schedule: Sequence[ScheduleMove]) -> Endless:
        return Endless(
            f"A schedule of {self._strategy} does not end: after {len(schedule):,} moves the "
            f"bookers are still running. A booker tries again and again. The schedule begins with "
            f"{schedule_text(schedule[:_SHOWN_MOVES])!r}, and the last moves were "
            f"{schedule_text(schedule[-_SHOWN_MOVES:])!r}."
        )

    # --- moves -----------------------------------------------------------------------------------

    def _moves(self) -> list[ScheduleMove]:
        bookers = list(self._bookers.values())
        if all(booker.state is BookerState.ENDED for booker in bookers):
            return []
        strikes = [
            ScheduleMove(nemesis.name, target)
            for nemesis in self._nemeses.values()
            if nemesis.name not in self._struck
            for target in nemesis.targets(bookers)
        ]
        steps = [
            ScheduleMove(booker.name, str(booker.gate.next_step.kind))
            for booker in bookers
            if booker.state is BookerState.READY and booker.gate.next_step
        ]
        # If no booker can move, time passes: all waits reach their limits.
        return [*steps, *strikes] if steps else [*strikes, _TIME]

    def _perform(self, move: ScheduleMove, event: MoveEvent) -> None:
        if move == _TIME:
            self._clock.end_all_waits()
            event.note = "no booker can move; all waits reach their time limits"
            self._end_waits()
            self._retry_waits(lambda _: True)
        elif move.is_by_booker:
            self._step(self._bookers[move.actor], event)
        else:
            self._struck.add(move.actor)
            self._hold_waiters()
            event.note = self._nemeses[move.actor].strike(move.what, self._bookers)
            self._wait_until_idle()
            if self._nemeses[move.actor].may_unblock:
                self._retry_waits(lambda _: True)

    def _step(self, booker: Booker, event: MoveEvent) -> None:
        step = booker.gate.next_step
        assert step
        event.detail, event.name = step.detail, step.name
        self._hold_waiters()
        booker.proceed(event)
        self._wait_until_idle()
        ended = booker.state is BookerState.ENDED
        gives_back = step.kind is StepKind.RELEASE and step.name is not StepName.ROLLBACK
        hands_out = step.kind in {StepKind.COMMIT, StepKind.RELEASE}
        if booker.state is BookerState.PARKED:
            event.kept_out, event.note = True, "another booker has it"
        self._retry_waits(
            lambda wait: ended or (gives_back if wait is StepName.LEASE else hands_out)
        )

    def _end_waits(self) -> None:
        """End the waits in PostgreSQL, as lock_timeout would.

        They end one after the other, so that a booker that gets a lock by that goes on every time.
        """
        for booker in list(self._waiting):
            if booker in self._waiting:
                self._hold_waiters(but=booker)
                booker.cancel(LockTimeout)
                self._wait_until_idle()

    def _retry_waits(self, might_go_on: Callable[[StepName | None], bool]) -> None:
        """Let bookers that wait outside of PostgreSQL try again, if ``might_go_on`` says so."""
        for booker in self._bookers.values():
            ahead = booker.gate.next_step
            if booker.state is BookerState.PARKED and ahead and might_go_on(ahead.name):
                booker.proceed(None)
        self._wait_until_idle()

    # --- stops -----------------------------------------------------------------------------------

    def _hold_waiters(self, but: Booker | None = None) -> None:
        """Stop the sessions that wait in PostgreSQL, for they must not overtake one another.

        ``_wait_until_idle`` lets them go on. A single waiter has nobody to overtake.
        """
        waiting = [one for one in self._waiting if one is not but and one not in self._held]
        if len(waiting) < 2:
            return
        sessions = [(one.process_id, one.session.raw.info.dbname) for one in waiting]
        self._keeps_order = all(can_be_held(*session) for session in sessions)
        if self._keeps_order:
            for booker in waiting:
                self._held[booker] = booker.process_id
                hold(booker.process_id)

    def _let_go(self, booker: Booker) -> None:
        let_go(self._held.pop(booker))

    def _wait_until_idle(self) -> None:
        """Wait until every booker has stopped, has ended, or waits in PostgreSQL.

        Held waiters go on one after the other, each when those before it are idle.
        """
        self._wait_until_idle_once()
        while self._held or any(booker.was_cut for booker in self._bookers.values()):
            # PostgreSQL releases the locks of closed sessions, so that others may go on.
            self._wait_for_closed_sessions()
            self._wait_until_idle_once()
            if self._held:
                self._let_go(next(iter(self._held)))
                self._wait_until_idle_once()

    def _wait_until_idle_once(self) -> None:
        deadline = time.monotonic() + _STUCK_AFTER
        glance = _FIRST_CHECK_AFTER
        line = list(self._waiting)
        # For a booker that still waits for the same bookers, one check is enough: the end of a
        # transaction is in the table of locks before its answer is sent.
        before = {
            one.name: one.event.waits_for
            for one in self._waiting
            if one.event and not one.is_being_cancelled
        }
        while running := self._running():
            wait = glance if any(one not in self._waiting for one in running) else 0
            if arrived := self._next_arrival(wait):
                before.pop(arrived.name, None)
                continue
            now = self._find_blocked(running)
            if len(now) == len(running) and now == before:
                # Two equal checks are needed: a session may be between two waits during one check.
                self._is_reordered |= not (
                    self._keeps_order or self._accepts_reordering
                ) and is_reordered(line, self._waits, now)
                self._note_waits(now)
                if not self._break_deadlock(now):
                    return
                now = {}
            elif time.monotonic() > deadline:
                names = ", ".join(one.name for one in running)
                raise Stuck(f"{names} neither stopped nor waits for another booker.")
            before = now
            if len(now) < len(running):
                glance *= 2

    def _running(self) -> list[Booker]:
        return [
            booker
            for booker in self._bookers.values()
            if booker.state is BookerState.RUNNING and booker not in self._held
        ]

    def _next_arrival(self, within: float) -> Booker | None:
        try:
            booker = self._arrivals.get(within > 0, within)
        except Empty:
            return None
        booker.note_arrival()
        if booker.state is BookerState.ENDED:
            self._last_moves[booker.name] = self._move_count
        if booker in self._waiting:
            self._waiting.remove(booker)
            booker.waits_for_others = False
            if booker.event:
                booker.event.until = self._move_count
        return booker

    def _find_blocked(self, running: Sequence[Booker]) -> dict[str, tuple[str, ...]]:
        """Return the bookers of ``running`` that wait in PostgreSQL, and those they wait for."""
        # Read once: a running booker may open its connection meanwhile.
        pids = {one.name: one.process_id for one in self._bookers.values() if one.process_id}
        names = {pid: name for name, pid in pids.items()}
        found = self._database.blocking_sessions(
            [pids[one.name] for one in running if one.name in pids]
        )
        waits = {
            names[pid]: tuple(sorted({names[other] for other in others if other in names}))
            for pid, others in found.items()
        }
        return {
            name: others
            for name, others in waits.items()
            if others and not self._bookers[name].is_being_cancelled
        }

    def _note_waits(self, waits: dict[str, tuple[str, ...]]) -> None:
        self._waits = waits
        for name, others in waits.items():
            booker = self._bookers[name]
            if booker not in self._waiting:
                self._waiting.append(booker)
                booker.waits_for_others = True
                if booker.event:
                    booker.event.waits_for = others

    def _break_deadlock(self, waits: dict[str, tuple[str, ...]]) -> bool:
        """Cancel the last booker of a deadlock, as PostgreSQL would; return whether there is one.

        PostgreSQL's own check runs after a timeout, and the times decide on its victim. So the
        next run could have another victim.
        """
        circle = [one for one in self._waiting if _reaches(one.name, one.name, waits)]
        if not circle:
            return False
        victim = circle[-1]
        if victim.event:
            victim.event.deadlock = True
        self._hold_waiters(but=victim)
        victim.cancel(DeadlockDetected)
        return True

    def _wait_for_closed_sessions(self) -> None:
        """Wait until PostgreSQL has ended the sessions whose connections were closed abruptly."""
        deadline = time.monotonic() + _STUCK_AFTER
        dead = [booker for booker in self._bookers.values() if booker.was_cut]
        for booker in dead:
            if booker in self._held:  # a stopped session does not end
                self._let_go(booker)
        while dead and not self._database.have_ended([one.process_id for one in dead]):
            if time.monotonic() > deadline:
                names = ", ".join(one.name for one in dead)
                raise Stuck(f"PostgreSQL does not end the session of {names}.")
            time.sleep(_FIRST_CHECK_AFTER)  # PostgreSQL's processes need the core
        for booker in dead:
            booker.forget_connection()

    def _ids(self) -> dict[str, str]:
        return {name: booker.booking_id for name, booker in self._bookers.items()}


def _reaches(
    begin: str, end: str, waits: dict[str, tuple[str, ...]], seen: frozenset[str] = frozenset()
) -> bool:
    return any(
        other == end or (other not in seen and _reaches(other, end, waits, seen | {other}))
        for other in waits.get(begin, ())
    )
