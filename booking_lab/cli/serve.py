"""``booking-lab serve``: runs the service without the embedded servers, as in a container."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import click

from booking_lab.cli._options import history_option
from booking_lab.config import Settings
from booking_lab.errors import DatabaseUnavailable
from booking_lab.observers.history import open_history
from booking_lab.stack import hints
from booking_lab.stack.assembly import prepare_schema
from booking_lab.stack.errors import StackError
from booking_lab.stack.launch_spec import environment_for
from booking_lab.stack.preflight import check_database, check_fit, check_plugins

_DATABASE_SECONDS = 30.0


@click.command()
@history_option
def command(history: str | None) -> None:
    """Run the service on the PostgreSQL of DATABASE_URL and the Redis of REDIS_URL.

    Variables BOOKING_LAB_* are the settings.
    """
    settings = Settings.from_environment()
    settings = replace(settings, history=history or settings.history)
    if not settings.database_url or not settings.redis_url:
        raise StackError(
            "serve needs DATABASE_URL and REDIS_URL; "
            f"{hints.command('up')} starts servers of its own."
        )
    check_plugins(settings)
    if settings.history:
        os.close(open_history(settings.history))
    own_run_folder = not settings.run_folder
    if own_run_folder:
        settings = replace(settings, run_folder=tempfile.mkdtemp(prefix="booking-lab-"))
    try:
        _clear(settings)
        _prepare(settings)
    except BaseException:
        if own_run_folder:
            shutil.rmtree(settings.run_folder, ignore_errors=True)
        raise
    # gunicorn replaces this process, so that it gets the signals.
    program = [sys.executable, "-m", "booking_lab.stack.service"]
    program += ["--own-run-folder"] if own_run_folder else []
    os.execve(program[0], program, environment_for(settings))


def _clear(settings: Settings) -> None:
    """Remove the files of an earlier run: counters of dead workers, and the marks of its stop."""
    run_folder = Path(settings.run_folder)
    try:
        for mark in settings.draining_marks:
            mark.unlink(missing_ok=True)
        metrics = run_folder / "metrics"
        metrics.mkdir(parents=True, exist_ok=True)
        for counters in metrics.glob("*.db"):
            counters.unlink()
    except OSError as error:
        raise StackError(f"{run_folder} can't be written: {error.strerror}.") from None


def _prepare(settings: Settings) -> None:
    """Wait for the database, within a limit, and bring its tables to this version."""
    deadline = time.monotonic() + _DATABASE_SECONDS
    while True:
        try:
            check_fit(settings.database_url)
            return prepare_schema(settings)
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                check_database(settings.database_url)  # its error names the address and the cause
                raise
            time.sleep(0.5)
