"""Actors that are no bookers: each strikes once in a schedule at most, at any moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import redis

from booking_lab.core.step import StepKind
from booking_lab.explorer.scheduler.booker import Booker, BookerState


class Nemesis(Protocol):
    """Something that goes wrong."""

    name: str
    #: Whether others may get by it what they wait for.
    may_unblock: bool

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Whom it could strike now, in a fixed order; nobody whom it would do nothing to."""
        ...

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Strike; return what happened, for a reader."""
        ...


class Expiry:
    """The locks of a booker expire, while it works."""

    name = "expiry"
    may_unblock = True

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Those who hold a lock that can expire."""
        return [booker.name for booker in bookers if booker.leases]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Let all its locks expire."""
        expired = [lease.expire() for lease in bookers[target].leases]
        return f"{target}'s lock expires" if any(expired) else f"{target}'s lock never expires"


class Flush:
    """Redis loses its memory."""

    name = "flush"
    may_unblock = True

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Redis, if it remembers anything."""
        return ["redis"] if any(client.dbsize() for client in _clients(bookers)) else []

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:  # noqa: ARG002
        """Flush it."""
        for client in _clients(list(bookers.values())):
            client.flushdb()
        return "Redis loses its memory"


class Death:
    """The process of a booker ends between two of its steps, and with it all bookers in there."""

    name = "death"
    may_unblock = True

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Those that are between two steps; one for each worker."""
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
        """Kill it."""
        memory = bookers[target].servers.memory
        gone = [one for one in bookers.values() if one.servers.memory is memory]
        for booker in gone:
            if booker.state is not BookerState.ENDED:
                booker.die()
        memory.clear()
        dies = "dies" if len(gone) == 1 else "die"
        return f"{' and '.join(one.name for one in gone)} {dies}; the connection is cut"


class AnswerLoss:
    """The answer to a COMMIT is lost on its way."""

    name = "loss"
    may_unblock = False

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Those whose next step is to commit."""
        return [
            booker.name
            for booker in bookers
            if booker.gate.next_step and booker.gate.next_step.kind is StepKind.COMMIT
        ]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """Lose the answer that comes next."""
        bookers[target].session.loses_answer = True
        return f"the answer to {target}'s COMMIT will be lost"


class Impatience:
    """A wait has lasted too long, though whom it is for is still at work."""

    name = "impatience"
    may_unblock = False

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """Those who wait: in PostgreSQL, or for a lease, a mutex or their turn."""
        return [booker.name for booker in bookers if booker.waits]

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:
        """End the wait, as its time limit would."""
        bookers[target].end_wait()
        return f"{target} has waited too long"


class SerializableCrowd:
    """So many others commit that PostgreSQL summarises what serializable transactions have read.

    It keeps ten entries for each connection that it may have. When these are used up, the oldest
    committed transaction is folded into a summary, and a conflict with it can go unnoticed by one
    that is still open.
    """

    name = "crowd"
    may_unblock = False

    def targets(self, bookers: Sequence[Booker]) -> Sequence[str]:
        """The others, once somebody is in the middle of a transaction."""
        return ["others"] if any(one.is_in_transaction for one in bookers) else []

    def strike(self, target: str, bookers: Mapping[str, Booker]) -> str:  # noqa: ARG002
        """Commit more transactions than PostgreSQL keeps apart."""
        booker = next(iter(bookers.values()))
        with booker.connector.session() as session:
            many = int(session.execute(_SUMMARY_LIMIT)[0][0])
            for _ in range(many):
                session.execute(_READ_SOMETHING)
        return f"{many:,} other serializable transactions commit"


#: https://www.postgresql.org/docs/current/runtime-config-locks.html: the table of serializable
#: transactions has ten entries for each backend, helpers included; a tenth more is enough.
_SUMMARY_LIMIT = """
SELECT 11 * sum(setting::integer) FROM pg_settings WHERE name IN (
    'max_connections', 'autovacuum_worker_slots', 'max_worker_processes', 'max_wal_senders',
    'max_prepared_transactions')
"""
_READ_SOMETHING = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1 FROM lab; COMMIT"

#: What can go wrong at every moment.
NEMESES: dict[str, type[Nemesis]] = {
    one.name: one for one in (Expiry, Flush, Death, AnswerLoss, Impatience)
}


#: What takes seconds to bring about; for a schedule that was chosen.
SLOW_NEMESES: dict[str, type[Nemesis]] = {SerializableCrowd.name: SerializableCrowd}


def _clients(bookers: Sequence[Booker]) -> list[redis.Redis]:
    servers = bookers[0].servers
    return [client for client in (servers.redis, *servers.redlock) if client]
