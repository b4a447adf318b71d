"""Session-level advisory lock: pg_advisory_lock, and pg_advisory_unlock when the work is done.

Looks right: a lock is taken and given back, in ``finally`` even, as one does with locks.
Goes wrong: it belongs to the session and knows nothing of the transaction. Unlocked before COMMIT,
it lets B read what A has written over already:
    A:acquire A:read A:write A:release B:acquire B:read B:write A:commit B:release B:commit
There is worse. If a statement fails, the transaction takes no more, the unlock fails as well, and
the lock stays with the connection. Few pools empty a session before they lend it again, as that of
the lab does: the next booking would take the same lock once more, for it is its own by then, and
share it with nobody knows whom.
Mend it: pg_advisory_xact_lock. PostgreSQL gives it back itself, at the end of the transaction,
whatever that is. See ``advisory``.
"""

from dataclasses import dataclass

from booking_lab import Attempt, StepKind, Strategy


@dataclass(frozen=True)
class SessionAdvisory(Strategy):
    """Lock the key, read, decide, write, unlock the key, commit."""

    broken = True

    def book(self, attempt: Attempt) -> None:
        """Book under the session's advisory lock."""
        with attempt.transaction():
            _call(attempt, StepKind.ACQUIRE, "pg_advisory_lock")
            try:
                change = attempt.decide(attempt.read())
                attempt.write(change)
            finally:
                _call(attempt, StepKind.RELEASE, "pg_advisory_unlock")


def _call(attempt: Attempt, kind: StepKind, function: str) -> None:
    for anchor in attempt.anchors:
        statement = f"SELECT {function}(hashtextextended(%(name)s, 0))"
        attempt.statement(kind, "advisory lock", statement, {"name": anchor.name})
