"""What is to be started, and how a process is told."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from booking_lab.config import Settings

#: The embedded servers for Redlock: independent of each other, and the fewest with a majority.
REDLOCK = ("redlock-1", "redlock-2", "redlock-3")


@dataclass(frozen=True)
class LaunchSpec:
    """What is to be started.

    Attributes:
        data: the data folder.
        port: the service's port; 0: any that is free.
        instances: how many gunicorn masters; 0: the servers alone.
        durable: whether confirmed bookings must survive a power cut; not in throwaway labs.
    """

    data: str
    port: int
    instances: int = 1
    durable: bool = True

    def to_json(self) -> str:
        """Return the plan as an argument of the supervisor."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LaunchSpec:
        """Read what ``to_json`` wrote."""
        return cls(**json.loads(text))


def environment_for(settings: Settings) -> dict[str, str]:
    """Return the environment for a process that is to have exactly these settings."""
    ours = {f.metadata["variable"] for f in fields(Settings)}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= settings.to_environment()
    # Python must not look for modules in the folder in which the user happens to stand, which is
    # also what an empty or a relative part of its path would mean.
    environment["PYTHONSAFEPATH"] = "1"
    if path := environment.pop("PYTHONPATH", ""):
        parts = [part for part in path.split(os.pathsep) if Path(part).is_absolute()]
        environment |= {"PYTHONPATH": os.pathsep.join(parts)} if parts else {}
    # The metrics client reads this while it is imported, so it can't wait for the settings.
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    if settings.metrics_folder:
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(settings.metrics_folder)
    return environment
