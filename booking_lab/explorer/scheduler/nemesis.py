"""Nemeses: actors that inject a fault, at most once in a schedule, between any two moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import redis

from booking_lab.core.step import StepKind
from booking_lab.explorer.scheduler.booker import Booker, BookerState


class Nemesis(Protocol):
    """A fault that can strike."""

    name: str
    #: Whether the fault may end waits of other bookers outside of PostgreSQL.
    may_unblock: bool

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return the targets that it could affect now, in a fixed order."""
        ...

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Strike, and return a description for readers."""
        ...


class Expiry:
    """The locks of a booker expire while it works."""

    name = "expiry"
    may_unblock = True

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return the bookers that hold a lock outside of PostgreSQL."""
        return [booker.name for booker in bookers if booker.leases]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Let all locks of the booker expire."""
        expired = [lease.expire() for lease in bookers[target].leases]
        return f"{target}'s lock expires" if any(expired) else f"{target}'s lock never expires"


class Flush:
    """Redis loses its memory."""

    name = "flush"
    may_unblock = True

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return ``redis``, if a server has any key."""
        return ["redis"] if any(client.dbsize() for client in _clients(bookers)) else []

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:  # noqa: ARG002
        """Flush all servers."""
        for client in _clients(list(bookers.values())):
            client.flushdb()
        return "Redis loses its memory"


class Death:
    """The process of a booker dies between two steps, with all bookers in it."""

    name = "death"
    may_unblock = True

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return the first booker of each process whose bookers are all between two steps."""
        workers: dict[int, list[Booker]] = {}
        for booker in bookers:
            if booker.state is not BookerState.ENDED:
                workers.setdefault(id(booker.servers.memory), []).append(booker)
        return [
            mates[0].name
            for mates in workers.values()
            if all(mate.state in {BookerState.READY, BookerState.PARKED} for mate in mates)
        ]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Kill all bookers of the process, and clear its memory."""
        memory = bookers[target].servers.memory
        gone = [one for one in bookers.values() if one.servers.memory is memory]
        for booker in gone:
            if booker.state is not BookerState.ENDED:
                booker.die()
        memory.clear()
        dies = "dies" if len(gone) == 1 else "die"
        return f"{' and '.join(one.name for one in gone)} {dies}; the connection is cut"


class AnswerLoss:
    """The answer to a COMMIT gets lost."""

    name = "loss"
    may_unblock = False

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return the bookers whose next step is a commit."""
        return [
            booker.name
            for booker in bookers
            if booker.gate.next_step and booker.gate.next_step.kind is StepKind.COMMIT
        ]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Make the booker lose its next answer."""
        bookers[target].session.loses_answer = True
        return f"the answer to {target}'s COMMIT will be lost"


class Impatience:
    """A wait reaches its time limit while the other booker is still at work."""

    name = "impatience"
    may_unblock = False

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return the bookers that wait in PostgreSQL, or for a lease, a mutex or their turn."""
        return [booker.name for booker in bookers if booker.waits]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """End the wait as its time limit would."""
        bookers[target].end_wait()
        return f"{target} has waited too long"


class SerializableCrowd:
    """Many other transactions commit, so that PostgreSQL summarises older serializable ones.

    PostgreSQL keeps ten entries for each possible connection. When they are used up, it adds the
    oldest committed transaction to a summary, and may miss a conflict between that transaction and
    one that is still open.
    """

    name = "crowd"
    may_unblock = False

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Return ``others``, if a booker has an open transaction."""
        return ["others"] if any(one.is_in_transaction for one in bookers) else []

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:  # noqa: ARG002
        """Commit more transactions than PostgreSQL has entries for."""
        booker = next(iter(bookers.values()))
        with booker.connector.session() as session:
            many = int(session.execute(_SUMMARY_LIMIT)[0][0])
            for _ in range(many):
                session.execute(_READ_SOMETHING)
        return f"{many:,} other serializable transactions commit"


#: The table of serializable transactions has ten entries for each backend, including background
#: workers; this is a tenth more.
#: https://www.postgresql.org/docs/current/runtime-config-locks.html
_SUMMARY_LIMIT = """
SELECT 11 * sum(setting::integer) FROM pg_settings WHERE name IN (
    'max_connections', 'autovacuum_worker_slots', 'max_worker_processes', 'max_wal_senders',
    'max_prepared_transactions')
"""
_READ_SOMETHING = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1 FROM lab; COMMIT"

#: The nemeses that strike in no time.
NEMESES: dict[str, type[Nemesis]] = {
    one.name: one for one in (Expiry, Flush, Death, AnswerLoss, Impatience)
}


#: The nemeses that take seconds to strike, for single schedules.
SLOW_NEMESES: dict[str, type[Nemesis]] = {SerializableCrowd.name: SerializableCrowd}


def _clients(bookers: Sequence[Booker]) -> list[redis.Redis]:
    servers = bookers[0].servers
    return [client for client in (servers.redis, *servers.redlock) if client]
