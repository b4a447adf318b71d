"""``booking-lab explore``: runs every interleaving of a few bookers, and draws a bad one."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from booking_lab.cli._exit_codes import BadInput, ExitCode
from booking_lab.config import Settings
from booking_lab.errors import BookingLabError
from booking_lab.explorer import planning
from booking_lab.explorer.output import report
from booking_lab.explorer.output.as_json import as_json
from booking_lab.explorer.output.page import page
from booking_lab.explorer.output.progress import progress_bar
from booking_lab.explorer.output.replay_check import ReplayCheck
from booking_lab.explorer.output.result import ExplorationResult
from booking_lab.explorer.parallel import Job, explore_in_parallel
from booking_lab.explorer.planning import MOST_BOOKERS, PlanRequest
from booking_lab.explorer.recording.schedule_run import ScheduleRun
from booking_lab.explorer.scheduler.exploration import Exploration
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.options import parse_options
from booking_lab.explorer.servers import own_servers
from booking_lab.explorer.worker_pool import MOST_JOBS, default_jobs
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads


def _options(_ctx: click.Context, _option: click.Parameter, given: Sequence[str]) -> dict[str, Any]:
    """Parse ``name=value``; a value that is not JSON is a string."""
    options: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign):
            raise BadInput(f"--option {text}: write name=value, as in --option attempts=3.")
        if name in options:
            raise BadInput(f"--option {name} is given twice.")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options


def _nemeses(_ctx: click.Context, _option: click.Parameter, given: Sequence[str]) -> list[str]:
    return [name.strip() for text in given for name in text.split(",")]


@click.command()
@click.option(
    "--strategy",
    required=True,
    help="The strategy: a name that `booking-lab strategies` "
    "lists, or that of a strategy that is broken on purpose.",
)
@click.option(
    "--beside",
    default="",
    metavar="STRATEGY",
    help="The strategy of all bookers but the first, as after a switch.  [default: the same]",
)
@click.option(
    "--workload", required=True, help="The workload; `booking-lab workloads` lists their names."
)
@click.option(
    "--scenario",
    default="",
    help="The scenario of the workload: the requests of the bookers.  [default: the plainest]",
)
@click.option(
    "--bookers",
    type=click.IntRange(1, MOST_BOOKERS),
    default=2,
    show_default=True,
    help="Number of bookers.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_BOOKERS),
    default=None,
    help="Number of worker processes that the bookers share.  [default: one for each booker]",
)
@click.option(
    "--nemesis",
    "nemeses",
    multiple=True,
    callback=_nemeses,
    metavar="NAME",
    help=f"A fault that can strike once in a schedule: {', '.join(NEMESES)}, or all of these; or "
    f"{', '.join(SLOW_NEMESES)}, which takes seconds each time. May be repeated.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    callback=_options,
    metavar="NAME=VALUE",
    help="An option of the strategy; the value is JSON. May be repeated.",
)
@click.option(
    "--preemptions",
    type=click.IntRange(0),
    help="Run only the schedules with at most this number of preemptions.",
)
@click.option(
    "--random", type=click.IntRange(1), help="Run only this number of schedules, drawn at random."
)
@click.option(
    "--seed",
    type=int,
    help="Seed for --random: the same seed draws the same schedules.  [default: 0]",
)
@click.option("--schedule", help="Run only this schedule: 'A:read B:read A:write A:commit ...'.")
@click.option(
    "--repeat", type=click.IntRange(1), help="Number of runs of --schedule.  [default: 1]"
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    help="Number of processes that explore.  [default: as many as keep all cores busy]",
)
@click.option(
    "--full",
    is_flag=True,
    help="Also run the schedules that differ from others only by the names of bookers with the "
    "same request.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Also write the drawn schedule as an HTML page to step through.",
)  # fmt: skip
def command(
    preemptions: int | None,
    random: int | None,
    seed: int | None,
    schedule: str | None,
    repeat: int | None,
    workers: int | None,
    full: bool,
    jobs: int | None,
    json_wanted: bool,
    html: Path | None,
    **names: Any,
) -> None:
    """Run every interleaving of the statements of a few bookers, and show anomalies.

    The command starts PostgreSQL and Valkey servers of its own and removes them afterwards. It does
    not touch the servers of DATABASE_URL and the other settings. It finds strategies and workloads
    where the lab finds them, and also the strategies that are broken on purpose. Time is one of the
    actors, so nothing sleeps.

    The shortest bad schedule is drawn, with its address for --schedule. Ctrl-C ends the exploration
    and prints the findings so far.

    Exit code 0: the strategy keeps its promise, which may allow anomalies; or a schedule was
    replayed. 4: the strategy breaks its promise. 3: the exploration was interrupted before it found
    anything. 1: two runs of the replay differed. 2: an argument can't be used, and nothing was
    started. No strategy promises anything for bookings under another strategy beside it: with
    --beside, the exit code is 0.
    """
    if html and not os.access(html.parent, os.W_OK):
        raise BadInput(f"--html {html}: the folder {html.parent} can't be written to.")
    settings = Settings.from_environment()
    with _quiet():
        try:
            search_options = parse_options(preemptions, random, seed, schedule, repeat, full=full)
            registry = Registry([SHIPPED, *settings.strategy_folders], shelf=True)
            workloads = Workloads(settings.workload_folders)
            asked = PlanRequest(workers=workers or 0, **names)
            plan = planning.make_plan(asked, registry, workloads, search_options.schedule)
        except BookingLabError as error:
            raise BadInput(error.message) from None
        console = Console(stderr=True)
        with _servers(settings, console) as servers:
            job = Job(asked, search_options)
            found = _explore(
                servers, registry, plan, job, jobs or default_jobs(), settings, console
            )
            result = ExplorationResult.of(plan, search_options, found)
            if json_wanted:
                click.echo(json.dumps(as_json(result)))
            else:
                report.print_report(Console(highlight=False), result)
            if html and result.found.last:
                _write(html, result, result.found.last)
                click.echo(f"A page to step through: {html}", err=json_wanted)
    sys.exit(ExitCode.of(result.on_strategy))


def _explore(
    servers: ExplorationServers,
    registry: Registry,
    plan: ExplorationPlan,
    job: Job,
    jobs: int,
    settings: Settings,
    console: Console,
) -> Exploration:
    search_options = job.search_options
    replay_check = ReplayCheck(plan, search_options) if search_options.schedule else None
    with progress_bar(console) as update:
        if jobs > 1 and servers.copy_for_worker and not replay_check:
            return explore_in_parallel(servers, registry, plan, job, jobs, settings, update)

        def after_each(found: Exploration, share: float) -> None:
            if replay_check:
                replay_check.check(found)
            update(found, share)

        return explore(
            servers, registry, plan, search_options.search(), after_each, full=search_options.full
        )


@contextmanager
def _servers(settings: Settings, console: Console) -> Iterator[ExplorationServers]:
    with (
        console.status("starting the servers") as status,
        own_servers(settings, status.update) as servers,
    ):
        status.stop()
        yield servers


def _write(file: Path, result: ExplorationResult, last: ScheduleRun) -> None:
    about = [report.plan_text(result.plan), *report.summary_lines(result)]
    text = page(result.plan, result.shown or last, about, result.title)
    try:
        file.write_text(text)
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Disable logging for the block: expired locks and failing strategies are expected here."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
