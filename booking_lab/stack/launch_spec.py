"""The launch specification of a lab, and the environment of its processes."""

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
    """The specification of a lab to start.

    Attributes:
        data: the data folder.
        port: the port of the service; 0: any free port.
        instances: the number of gunicorn masters; 0: only the servers.
        durable: whether confirmed bookings must survive a power cut; false for temporary labs.
    """

    data: str
    port: int
    instances: int = 1
    durable: bool = True

    def to_json(self) -> str:
        """Return the specification as JSON, for the supervisor's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LaunchSpec:
        """Parse the JSON of ``to_json``."""
        return cls(**json.loads(text))


def environment_for(settings: Settings) -> dict[str, str]:
    """Return the environment of a process with exactly these settings."""
    ours = {f.metadata["variable"] for f in fields(Settings)}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= settings.to_environment()
    # Python must not import from the working folder, and an empty or a relative part of its path
    # also means that folder.
    environment["PYTHONSAFEPATH"] = "1"
    if path := environment.pop("PYTHONPATH", ""):
        parts = [part for part in path.split(os.pathsep) if Path(part).is_absolute()]
        environment |= {"PYTHONPATH": os.pathsep.join(parts)} if parts else {}
    # The metrics client reads this variable when it is imported, before there are settings.
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    if settings.metrics_folder:
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(settings.metrics_folder)
    return environment
