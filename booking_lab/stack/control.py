"""Starts and stops a supervisor from another process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from booking_lab.config import Settings
from booking_lab.errors import BookingLabError, ConfigurationError
from booking_lab.stack import accounts
from booking_lab.stack.errors import AlreadyRunning, StackError
from booking_lab.stack.folders import DataFolder, tail
from booking_lab.stack.launch_spec import LaunchSpec, environment_for
from booking_lab.stack.processes import process
from booking_lab.stack.processes.lab_state import LabState, clear_up_after_kill
from booking_lab.stack.processes.rotation import open_log

Progress = Callable[[str], None]

#: Seconds for a stop; it takes as long as the requests under way, which have time limits.
_STOP_SECONDS = 60.0


def launch(
    spec: LaunchSpec, settings: Settings, progress: Progress, *, detached: bool = False
) -> subprocess.Popen[bytes]:
    """Start a supervisor and wait until its lab is ready.

    Args:
        spec: the specification of the lab.
        settings: the settings of the lab.
        progress: called with a line for each step.
        detached: whether the lab outlives this process.

    Raises:
        StackError: the lab could not be started; nothing of it is left.
        ConfigurationError: a setting can't be used.
    """
    if not sys.platform.startswith("linux"):
        raise StackError("This needs Linux; elsewhere run the lab with `docker compose up`.")
    data = DataFolder(Path(spec.data))
    data.create()
    supervisor = _spawn(data, spec, settings, detached)
    try:
        _pass_on_reports(data, supervisor, progress)
    except BaseException:
        end(data, supervisor)
        raise
    return supervisor


def end(data: DataFolder, supervisor: subprocess.Popen[bytes]) -> None:
    """Stop a lab that this process has started, and wait until all its processes have ended."""
    supervisor.send_signal(signal.SIGTERM)
    if supervisor.stdout:
        supervisor.stdout.close()
    try:
        supervisor.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
    if supervisor.returncode < 0:
        _clear_up(data)


def stop(data: DataFolder) -> bool:
    """Stop the lab on a data folder, and return whether there was one.

    The rest of a lab whose supervisor was killed is cleared up.

    Raises:
        StackError: the lab belongs to another user.
    """
    state = LabState.read(data.state)
    if state is None:
        return False
    supervisor = state.supervisor.process
    # Otherwise a user who can write the file could make root stop any process.
    if supervisor.alive and supervisor.owner != data.state.stat().st_uid:
        raise StackError(
            f"{data.state} names process {supervisor.pid}, which belongs to another user than the "
            f"file: nothing was stopped. Remove the file if no lab runs there."
        )
    try:
        supervisor.send(signal.SIGTERM)
    except PermissionError:
        raise StackError(
            f"The lab on {data.path} belongs to {accounts.user_name((supervisor.owner, 0))} "
            f"(pid {supervisor.pid}): only that user, or root, can stop it."
        ) from None
    if not supervisor.wait(_STOP_SECONDS):
        supervisor.send(signal.SIGKILL)
        supervisor.wait(5)
    _clear_up(data)
    return True


def _clear_up(data: DataFolder) -> None:
    try:
        with data.lock():
            clear_up_after_kill(data)
    except AlreadyRunning:
        pass  # the lab was started again meanwhile


def _spawn(
    data: DataFolder, spec: LaunchSpec, settings: Settings, detached: bool
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "booking_lab.stack.supervisor", spec.to_json()]
    environment = environment_for(settings)
    try:
        log = open_log(data.log)
    except OSError as error:
        raise StackError(f"{data.log} can't be written: {error.strerror}.") from None
    with log:
        if detached:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        return process.start(
            command,
            environment=environment,
            output=subprocess.PIPE,
            errors=log,
            session=True,
        )


#: Errors of the supervisor that callers handle; all others become a StackError.
_ERRORS_BY_CODE: Mapping[str, type[BookingLabError]] = {
    kind.code: kind for kind in (AlreadyRunning, ConfigurationError)
}


def _pass_on_reports(
    data: DataFolder, supervisor: subprocess.Popen[bytes], progress: Progress
) -> None:
    """Pass the reports of the supervisor on, until the lab is ready or has failed."""
    assert supervisor.stdout
    for line in supervisor.stdout:
        report = json.loads(line)
        if "progress" in report:
            progress(report["progress"])
        elif "ready" in report:
            supervisor.stdout.close()
            return
        elif "failed" in report:
            raise _ERRORS_BY_CODE.get(report["code"], StackError)(report["failed"])
    raise StackError(f"The lab ended while it started; {data.log} ends with:{tail(data.log)}")
