"""Name of the strategy: in one line, what it does. This line is shown in lists.

Then, in a few sentences, how it works and why that is enough.

Prevents: which anomalies, and on what conditions.
Costs: what it takes, in round trips, waiting, retries or servers.
Take it: when it is the right choice.
"""

# Copy this file to a name of your own. The file's name is the strategy's name: lower case letters,
# digits and underscores. A file whose name begins with an underscore is not looked at.

from dataclasses import dataclass

from booking_lab import Attempt, Attempts, Retry, Strategy


@dataclass(frozen=True)
class Template(Strategy):
    """Its steps, in order."""

    # Each field is an option of the admin API, with this default. The annotation says what is
    # allowed; Attempts and Seconds come with bounds.
    attempts: Attempts = 5

    # What it does not promise to prevent, and what it needs beside PostgreSQL. Without these
    # lines: it prevents everything, and needs nothing.
    #   allows = frozenset({Anomaly.DOUBLE_BOOKING})
    #   needs = frozenset({Capability.REDIS})

    @property
    def retry(self) -> Retry:
        """When to start over after a conflict; leave it out to take the default."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book once: return after the commit, or let the attempt's errors through."""
        with attempt.transaction():
            # Protect here, before the read.
            change = attempt.decide(attempt.read())
            # Or protect here, between decision and write.
            attempt.write(change)
