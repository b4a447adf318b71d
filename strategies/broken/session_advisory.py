"""Session-level advisory lock: pg_advisory_lock, and pg_advisory_unlock when the work is done.

Looks right: a lock is taken and released, even in ``finally``, as usual with locks.
Goes wrong: it belongs to the session, and is independent of the transaction. It is unlocked before
COMMIT, so B reads the state from before A's change:
    A:acquire A:read A:write A:release B:acquire B:read B:write A:commit B:release B:commit
There is a worse case. If a statement fails, the transaction accepts no further ones, so the unlock
fails too, and the lock stays with the connection. The lab's pool resets such a session, but few
pools do. Without a reset, the next booking on the connection gets the lock at once, because its
session holds it already.
Mend it: pg_advisory_xact_lock. PostgreSQL releases it itself at the end of the transaction, also
after an error. See ``advisory``.
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
