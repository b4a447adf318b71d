"""The supervisor: the process that starts, restarts and stops the parts of a lab.

All parts are its children, and the kernel ends them when this process ends in any way.
"""

from __future__ import annotations

import json
import logging
import logging.config
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from booking_lab.config import Settings, forget_clients_environment
from booking_lab.errors import BookingLabError
from booking_lab.logs import logging_config
from booking_lab.stack import hints
from booking_lab.stack.assembly import Assembly, StartStep
from booking_lab.stack.errors import AlreadyRunning, StackError
from booking_lab.stack.folders import DataFolder, remove_run_folder, tail
from booking_lab.stack.launch_spec import LaunchSpec
from booking_lab.stack.processes.die_with_parent import adopt_orphans
from booking_lab.stack.processes.lab_state import LabState, ProcessState, clear_up_after_kill
from booking_lab.stack.processes.process import Process, descendants
from booking_lab.stack.processes.rotation import rotate

#: Seconds between two checks of the files of the lab.
_CHECK_EVERY = 1.0
_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_log = logging.getLogger("booking_lab.stack")


class _Stopped(Exception):  # a stop is no error
    """The supervisor was told to stop."""


class Supervisor:
    """Runs a lab until it is told to stop."""

    def __init__(self, spec: LaunchSpec, settings: Settings) -> None:
        self._data = DataFolder(Path(spec.data))
        self._assembly = Assembly(spec, settings)
        self._phase = "starting"
        self._last_error = ""
        me = Process.of(os.getpid())
        assert me
        self._me = ProcessState("supervisor", me, time.time())

    def run(self) -> int:
        """Start, watch and stop all parts; return the exit code."""
        # Signals are blocked and waited for, so that they never interrupt anything.
        signal.pthread_sigmask(signal.SIG_BLOCK, {*_STOP, signal.SIGCHLD})
        # Only the owner can read the files of the lab.
        os.umask(0o077)
        adopt_orphans()
        try:
            lock = self._data.lock()
        except AlreadyRunning:
            _send_report(failed=_already_running(self._data), code=AlreadyRunning.code)
            return 1
        with lock:
            try:
                self._start()
                self._watch()
            except _Stopped:
                return 0
            except (BookingLabError, OSError) as error:
                _log.error("could not start: %s", error)
                self._stop()
                _send_report(failed=str(error), code=getattr(error, "code", StackError.code))
                return 1
            finally:
                self._stop()

    def _start(self) -> None:
        if clear_up_after_kill(self._data):
            _send_report(progress="Cleared up after a lab that was killed.")
        for step in self._assembly.steps():
            if step.part and not step.part.state:
                step.part.launch()
                self._write_state()
            self._wait_for(step)
            if step.progress:
                _send_report(progress=step.progress)
        self._phase = "running"
        self._write_state()
        _log.info("lab is ready", extra={"url": self._assembly.url})
        _send_report(ready=True)
        # From now on nobody reads the reports.
        os.dup2(sys.stderr.fileno(), _reports.fileno())

    def _wait_for(self, step: StartStep) -> None:
        began = time.monotonic()
        part = step.part
        while not step.is_done():
            self._pause(0.03)
            if not part:
                continue
            late = time.monotonic() > began + step.seconds
            if not part.pid and time.monotonic() < began + step.retry:
                self._pause(0.3)
                part.launch()
            elif late or not part.pid:
                what = "did not answer in time" if late else "ended while it started"
                log = self._data.log_of(part.name)
                raise StackError(f"{part.name} {what}; {log} ends with:{tail(log)}")

    def _watch(self) -> NoReturn:
        while True:
            now = time.monotonic()
            waiting = [part for part in self._assembly.parts if not part.pid]
            for part in waiting:
                if part.restart_at <= now:
                    part.launch()
                    _log.warning("started again", extra={"part": part.name, "pid": part.pid})
                    self._write_state()
            rotate(self._data.path)
            self._check_files()
            for part in self._assembly.parts:
                if part.pid and part.is_stuck_stopping():
                    part.restart()
            soon = [part.restart_at - now for part in waiting if part.restart_at > now]
            self._pause(min(soon, default=_CHECK_EVERY))

    def _check_files(self) -> None:
        """Restore files that a cleaner of temporary folders has removed."""
        lost = [part for part in self._assembly.parts if part.has_lost_file()]
        if not lost:
            self._last_error = ""
            return
        try:
            self._assembly.restore_run_folder()
        except OSError as error:
            self._log_once(
                f"{self._assembly.run_folder} was removed and can't be restored: {error}"
            )
            return
        self._log_once(
            f"files of {self._assembly.run_folder} were removed while the lab runs: "
            f"they are restored, and the parts that need them are restarted"
        )
        for part in lost:
            part.restart()

    def _log_once(self, what: str) -> None:
        """Log an error, unless it is the same as the last one."""
        if what != self._last_error:
            _log.error(what)
        self._last_error = what

    def _pause(self, seconds: float) -> None:
        """Wait for the time, or until a child ends or a signal to stop comes."""
        got = signal.sigtimedwait({*_STOP, signal.SIGCHLD}, max(seconds, 0.0))
        if got and got.si_signo in _STOP:
            raise _Stopped
        self._reap()

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (gone := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = gone
                part = next((part for part in self._assembly.parts if part.pid == pid), None)
                if part is None:
                    # A worker whose master was killed: no other process handles its end.
                    self._assembly.forget_dead_workers()
                    continue
                pause = part.record_end(status)
                if self._phase != "stopping":
                    code = os.waitstatus_to_exitcode(status)
                    fields = {"part": part.name, "exit": code, "again_in_s": pause}
                    _log.error("part ended", extra=fields)

    def _stop(self) -> None:
        """Stop all parts: first the service, then its servers, then all other descendants."""
        if self._phase == "stopped":
            return
        self._phase = "stopping"
        self._write_state()
        self._assembly.go_unready()
        for group in self._assembly.stop_order():
            for part in group:
                part.send(part.stop_signal)
            deadline = time.monotonic() + max((part.stop_seconds for part in group), default=0)
            self._reap()
            while any(part.pid for part in group) and time.monotonic() < deadline:
                signal.sigtimedwait({signal.SIGCHLD}, 0.1)
                self._reap()
            for part in group:
                part.send(signal.SIGKILL)
        for left in descendants(os.getpid()):
            left.send(signal.SIGKILL)
            left.wait(5)
        self._reap()
        remove_run_folder(str(self._assembly.run_folder or ""))
        with suppress(OSError):
            self._data.state.unlink()
        self._phase = "stopped"
        _log.info("lab has stopped")

    def _write_state(self) -> None:
        states = [part.state for part in self._assembly.parts if part.state]
        state = LabState(
            supervisor=self._me,
            phase=self._phase,
            url=self._assembly.url,
            run_folder=str(self._assembly.run_folder or ""),
            database_url=self._assembly.embedded_database_url,
            redis_url=self._assembly.embedded_redis_url,
            redlock_urls=list(self._assembly.embedded_redlock_urls),
            parts=states,
        )
        try:
            state.write(self._data.state)
        except OSError as error:
            # A full disk must not end a running lab.
            _log.error("state not written: %s", error)
            if self._phase == "starting":
                raise StackError(
                    f"{self._data.state} can't be written: {error.strerror}."
                ) from None


def _already_running(data: DataFolder) -> str:
    state = LabState.read(data.state)
    if state is None:
        return f"Another lab is starting or stopping on {data.path}: try again in a moment."
    return (
        f"Already running at {state.url or data.path}, pid {state.supervisor.process.pid}; "
        f"{hints.command('down', data.path)} stops it."
    )


def _send_report(**fields: object) -> None:
    """Send a report to the process that started us; if it has ended, stop."""
    try:
        print(json.dumps(fields), file=_reports, flush=True)
    except BrokenPipeError:
        os.dup2(sys.stderr.fileno(), _reports.fileno())
        if "progress" in fields or "ready" in fields:
            raise _Stopped from None


#: The original standard output, for reports only. Everything else that is printed, such as by a
#: plug-in, goes to the log.
_reports = sys.stdout


def main() -> None:
    """Run the lab that the only argument specifies, with the settings of the environment."""
    global _reports
    _reports = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    forget_clients_environment()
    settings = Settings.from_environment()
    logging.config.dictConfig(logging_config(settings.log_level))
    sys.exit(Supervisor(LaunchSpec.from_json(sys.argv[1]), settings).run())


if __name__ == "__main__":
    main()
