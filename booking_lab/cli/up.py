"""``booking-lab up``: starts the lab."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from booking_lab.cli._options import data_option, history_option, shelf_option
from booking_lab.config import Settings
from booking_lab.stack import hints
from booking_lab.stack.control import end, launch
from booking_lab.stack.errors import StackError
from booking_lab.stack.folders import DataFolder, tail
from booking_lab.stack.launch_spec import LaunchSpec
from booking_lab.stack.processes.lab_state import LabState


@click.command()
@click.option("--port", type=int, help="Port of the service.  [default: 8000]")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--workers", type=int, help="Worker processes of each instance.  [default: 4]")
@click.option("--threads", type=int, help="Threads of each worker.  [default: 64]")
@click.option(
    "--instances",
    type=click.IntRange(1, 9),
    default=1,
    show_default=True,
    help="Instances behind the port. Each of several instances also has a port of its own, "
    "directly above the common one.",
)
@history_option
@shelf_option
@click.option("--foreground", is_flag=True, help="Keep running, and stop the lab with Ctrl-C.")
@data_option
def command(instances: int, foreground: bool, data: Path, **given: str | int | None) -> None:
    """Start PostgreSQL, Valkey and the service, and return when they are ready.

    With DATABASE_URL, REDIS_URL or BOOKING_LAB_REDLOCK_URLS set, the lab uses these servers of your
    own. The three are independent: a server that isn't set is embedded.
    """
    # An option is passed on as the variable of its name, so that both are checked in one place.
    options = {f"BOOKING_LAB_{name.upper()}": str(v) for name, v in given.items() if v is not None}
    settings = Settings.from_environment({**os.environ, **options})
    spec = LaunchSpec(str(data), settings.port, instances)
    if foreground:
        _wait_for_signal(spec, settings)
        return
    # If a lab is running already, this fails (exit code 1): the port, workers and data of that lab
    # may be others, and a script that started nothing must not stop it with `down` later.
    launch(spec, settings, click.echo, detached=True)
    _announce(spec)
    click.echo(f"It keeps running; {hints.command('down', data)} stops it.")


def _announce(spec: LaunchSpec) -> None:
    state = LabState.read(DataFolder(Path(spec.data)).state)
    if state is None:
        raise StackError(
            f"The lab was stopped at once; {hints.command('logs', Path(spec.data))} may say why."
        )
    click.secho(f"The lab is ready at {state.url}", bold=True)
    if spec.instances > 1:
        for part in state.instances.values():
            click.echo(f"  {part.name} alone: {part.url}")


def _wait_for_signal(spec: LaunchSpec, settings: Settings) -> None:
    """Run the lab until a signal comes or the lab ends by itself."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    supervisor: subprocess.Popen[bytes] | None = None
    data = DataFolder(Path(spec.data))
    try:
        supervisor = launch(spec, settings, click.echo)
        _announce(spec)
        click.echo(f"Ctrl-C stops it. Its log: {data.log}")
        code = supervisor.wait()
        if code:
            raise StackError(f"The lab ended; {data.log} ends with:{tail(data.log)}")
    except KeyboardInterrupt:
        click.echo("\nStopping ...")
        if supervisor:
            end(data, supervisor)
        click.echo("Stopped.")
