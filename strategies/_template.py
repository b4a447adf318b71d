"""Name of the strategy: in one line, what it does. This line is shown in lists.

Then, in a few sentences, how it works and why that is enough.

Prevents: which anomalies, and on what conditions.
Doesn't prevent: what it lets through, and when. Leave it out if there is nothing.
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
    # allowed and what it means; Attempts and Seconds come with bounds and words. Another number:
    #   most: Annotated[int, Field(ge=1, le=100, description="...")] = 10
    attempts: Attempts = 5

    # What it does not promise to prevent, what it lets through besides once something goes wrong,
    # and what it needs beyond rows. Without these lines: it prevents everything, whatever goes
    # wrong, and needs nothing. `booking-lab explore` and the conformance suite hold it to that.
    #   allows = frozenset({Anomaly.DOUBLE_BOOKING})
    #   allows_under_faults = frozenset({Anomaly.LOST_UPDATE})
    #   needs = frozenset({Capability.REDIS})
    # If bookers who share nothing wait for each other or conflict under it: why.
    #   serialises = "..."

    @property
    def retry(self) -> Retry:
        """When to start over after a conflict; leave it out to take the default."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book once: return after the commit, or let the attempt's errors through."""
        # A lock outside PostgreSQL goes here, around the transaction: it has to outlive the commit.
        with attempt.transaction():
            # Protect here, before the read: lock, or read versions, or register a token.
            change = attempt.decide(attempt.read())
            # Or protect here, between decision and write: compare.
            attempt.write(change)
