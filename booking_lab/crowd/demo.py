"""The demo: runs the same crowd of customers under each strategy, and prints one table."""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from booking_lab.core.strategy import Anomaly, worst
from booking_lab.core.verdict import Verdict, combined, in_words, style
from booking_lab.crowd.client import Customer, SeatAnswer, run_crowd
from booking_lab.crowd.verdict import outcomes, overlaps, percentile, verdict
from booking_lab.errors import BookingLabError
from booking_lab.stack import hints

#: The scope of the demo's bookings and of its verdicts; other bookings of the lab don't count.
_ITS_OWN = "kind=seats&scope=1"
#: First, ten customers want the same seat.
_ONE_SEAT = ["A1"]
_CUSTOMERS = 10
#: Then thirty customers want five of forty seats each, so that some want the same.
_CROWD = 30
_EACH = 5
#: The highest number of crowds under a strategy that allows double bookings, until one shows.
_CROWDS = 3
_SEATS = [f"{row}{number}" for row in "DEFG" for number in range(1, 11)]


class NoLab(BookingLabError):
    """No lab answers at the address."""

    code = "no_lab"


@dataclass(frozen=True)
class DemoRow:
    """The figures of one strategy; times are in milliseconds.

    ``crowds`` is the number of crowds until an allowed anomaly showed; all other figures are those
    of the last crowd.
    """

    strategy: str
    confirmed: int
    refused: int
    other: int
    double_bookings: int
    overlaps: int
    p50: float
    p95: float
    p99: float
    per_second: float
    verdict: Verdict
    anomaly: Anomaly | None
    promised: bool
    crowds: int

    @property
    def on_strategy(self) -> Verdict:
        """The verdict on the strategy: an allowed double booking has to show, and is no fault."""
        if not self.promised and self.anomaly is Anomaly.DOUBLE_BOOKING:
            return Verdict.SAFE
        return self.verdict

    @property
    def verdict_text(self) -> str:
        """The verdict with the anomaly, as text."""
        return in_words(self.verdict, [self.anomaly] if self.anomaly else [])


def run(url: str, console: Console, token: str = "") -> Verdict:
    """Run the crowd under each strategy of the lab at ``url``, and print the table.

    Returns:
        The combined verdict on all strategies.

    Raises:
        NoLab: no lab answers at ``url``.
        UnexpectedStatus: the lab refuses a request of the demo.
    """
    rows = []
    try:
        with console.status("asking for the strategies") as status:
            for row in _rows(url, token, status.update):
                rows.append(row)
                last = f", crowd {row.crowds}" if row.crowds > 1 else ""
                console.print(f"  {row.strategy}: {row.verdict_text}{last}")
    except (OSError, http.client.HTTPException, threading.BrokenBarrierError) as error:
        raise NoLab(
            f"No lab answers at {url}: {error or type(error).__name__}. "
            f"{hints.command('up')} starts one, and without --url the demo starts its own."
        ) from None
    console.print(_table(rows))
    console.print(_reading(rows))
    return combined(row.on_strategy for row in rows)


def _rows(url: str, token: str, progress: Callable[[str], None]) -> Iterator[DemoRow]:
    with Customer(url, token) as admin:
        strategies = _strategies(admin, url)
        # Strategies that allow anomalies come first: they show the problem that the others solve.
        for entry in sorted(strategies, key=lambda entry: (not entry["allows"], entry["name"])):
            name = entry["name"]
            admin.post("/admin/strategy", {"strategy": name})
            for crowds in range(1, _CROWDS + 1):
                admin.post(f"/admin/reset?{_ITS_OWN}")
                progress(f"{name}: {_CUSTOMERS} customers want one seat")
                answers = run_crowd(url, [_ONE_SEAT] * _CUSTOMERS)
                progress(f"{name}: {_CROWD} customers want {_EACH} of {len(_SEATS)} seats each")
                rush = run_crowd(url, _wishes())
                row = _row(admin, entry, answers, rush, crowds)
                # One crowd is enough for a promise. An allowed anomaly may need several: on a busy
                # machine, one worker may serve the whole crowd, and `mutex` protects it.
                if row.promised or row.verdict is Verdict.WRONG:
                    break
            yield row


def _strategies(admin: Customer, url: str) -> list[dict[str, Any]]:
    try:
        status, answer = admin.call("GET", "/admin/strategies")
    except ValueError:  # the answer is not JSON
        status, answer = 0, None
    if status in {401, 403}:
        raise NoLab(
            f"The lab at {url} needs its admin token: set BOOKING_LAB_ADMIN_TOKEN to its value."
        )
    strategies = answer.get("strategies") if isinstance(answer, dict) else None
    if not isinstance(strategies, list):
        raise NoLab(f"The server at {url} is not a lab: it does not list strategies.")
    return strategies


def _wishes() -> list[list[str]]:
    # The same crowd for every strategy, and in every run.
    chance = random.Random(36)
    return [chance.sample(_SEATS, _EACH) for _ in range(_CROWD)]


def _row(
    admin: Customer,
    entry: dict[str, Any],
    one: list[SeatAnswer],
    rush: list[SeatAnswer],
    crowds: int,
) -> DemoRow:
    answers = one + rush
    double = admin.ask("GET", f"/admin/violations?{_ITS_OWN}")["count"]
    audit = admin.ask("GET", f"/admin/audit?{_ITS_OWN}")
    anomalies = {Anomaly(one["anomaly"]) for one in audit["findings"]}
    promised = Anomaly.DOUBLE_BOOKING not in entry["allows"]
    silent = bool(audit["silent"] or audit["broken"])
    found = verdict(answers, anomalies, silent=silent, promised=promised)
    ended = outcomes(answers)
    times = [1000 * (answer.end - answer.begin) for answer in answers]
    lasted = max(a.end for a in rush) - min(a.begin for a in rush)
    return DemoRow(
        strategy=entry["name"],
        confirmed=ended["confirmed"],
        refused=ended["refused"],
        other=len(answers) - ended["confirmed"] - ended["refused"],
        double_bookings=double,
        overlaps=overlaps(answers),
        p50=percentile(times, 0.50),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        per_second=len(rush) / lasted,
        verdict=found,
        anomaly=worst(anomalies),
        promised=promised,
        crowds=crowds,
    )


def _table(rows: Sequence[DemoRow]) -> Table:
    table = Table(
        title="The same crowd under each strategy; times in ms, bookings per s",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("strategy")
    for heading in (
        "confirmed", "refused", "double\nbooked", "over-\nlapping", "p50", "p95", "p99",
        "per s",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for row in rows:
        counts = (row.confirmed, row.refused, row.double_bookings, row.overlaps)
        figures = (row.p50, row.p95, row.p99, row.per_second)
        colour = style(row.verdict)
        # Double bookings have a column of their own, so the anomaly is left out to save a line.
        shown = row.verdict if row.double_bookings else row.verdict_text
        table.add_row(
            row.strategy,
            *(str(count) for count in counts),
            *(f"{figure:.0f}" for figure in figures),
            f"[{colour}]{shown}[/{colour}]",
        )
    return table


def _reading(rows: Sequence[DemoRow]) -> str:
    others = [f"{row.other} under {row.strategy}" for row in rows if row.other]
    note = f" Ended otherwise (conflict, timeout): {', '.join(others)}." if others else ""
    by_verdict = {
        verdict: ", ".join(row.strategy for row in rows if row.on_strategy is verdict)
        for verdict in Verdict
    }
    if names := by_verdict[Verdict.WRONG]:
        return f"Not as the strategies promise: {names}."
    if names := by_verdict[Verdict.UNKNOWN]:
        return f"No verdict, because the lab's audit is not complete: {names}."
    if names := by_verdict[Verdict.INCONCLUSIVE]:
        return f"Not put to the test: {names}. Run it again, on a machine that is less busy."
    return (
        "double bookings: seats promised to more than one customer. overlapping: bookings that "
        "were under way while another of the same seat was confirmed; without any, a run shows "
        "nothing, and is inconclusive. safe means: not in this run." + note
    )
