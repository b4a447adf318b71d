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

    # Each field is an option of the admin API, with this default. The annotation has its bounds and
    # its description; Attempts and Seconds have both already. Another number:
    #   most: Annotated[int, Field(ge=1, le=100, description="...")] = 10
    attempts: Attempts = 5

    # The anomalies that it does not promise to prevent, further ones after a fault, and the
    # capabilities that it needs. Without these lines, it promises to prevent every anomaly, also
    # after faults, and needs nothing. `booking-lab explore` and the conformance suite check that.
    #   allows = frozenset({Anomaly.DOUBLE_BOOKING})
    #   allows_under_faults = frozenset({Anomaly.LOST_UPDATE})
    #   needs = frozenset({Capability.REDIS})
    # The reason, if bookers that share nothing wait for each other or conflict under it.
    #   serialises = "..."

    @property
    def retry(self) -> Retry:
        """The rule for further tries after a conflict; without it, the default counts."""
        return Retry(self.attempts)

    def book(self, attempt: Attempt) -> None:
        """Book once. Return after the commit, or raise an error of the attempt's primitives."""
        # A lock outside PostgreSQL goes here, around the transaction: it has to outlive the commit.
        with attempt.transaction():
            # Protect here, before the read: lock, or read versions, or register a token.
            change = attempt.decide(attempt.read())
            # Or protect here, between decision and write: compare.
            attempt.write(change)
