"""Everything that can break does, one after the other, while customers book: `make faults`.

Nine strategies on three workloads at once, each on things of its own. Behind each fault: no answer
500, no wait beyond its limit, everything serves again. At the end, what customers were told is held
against the bookings, and the audit and `booking-lab check` have to be content.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from booking_lab.conformance.waiting import eventually
from booking_lab.crowd.client import Customer
from booking_lab.stack import RunningLab, running
from tests.fault_run.customers import Booker, Stands, Told
from tests.fault_run.opinion import objections
from tests.fault_run.places import STRATEGIES, Place, make
from tests.fault_run.strikes import Strike, all_strikes

KINDS = ("seats", "tickets", "slots")
#: Seconds that each of these waits may take: see docs/how-it-works.md for what they are.
SETTINGS = {
    "lock_timeout": 1.0, "statement_timeout": 2.0, "pool_timeout": 2.0, "redis_timeout": 0.3,
}  # fmt: skip
#: What a request may take: a connection, and its first answer; a lease or a place in the queue; a
#: statement that is never answered; to learn what became of its COMMIT; and a busy machine.
LIMIT = 2.0 + 3.0 + 5.0 + 3.0 + 5.0 + 2.0
#: Seconds after which everybody is served again, starts and recoveries included.
_AGAIN_WITHIN = 60.0
#: Seconds for which servers are frozen, and a disk is full: longer than most of these waits.
_FREEZE = 6.0
#: Bytes of the disk that gets full.
_DISK = 400_000_000

_chance = random.Random("probe")


def main() -> int:
    """Run; returns how many things were wrong, as far as an exit code can tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault_run", description=__doc__)
    parser.add_argument("--bookings", type=int, default=200, help="made between two faults")
    parser.add_argument("--customers", type=int, default=2, help="of each strategy and workload")
    parser.add_argument("--history", type=Path, help="a file for the history, to look into")
    parser.add_argument(
        "--patience", type=float, default=1, help="how many times longer a busy machine may take"
    )
    parser.add_argument("--only", default="", help="faults whose name has this in it")
    given = parser.parse_args()
    # Told to stop, it takes the lab and the disk away all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wrong = run(
        given.bookings, given.customers, given.only,
        recorded=given.history, patience=given.patience,
    )  # fmt: skip
    for one in wrong:
        print(f"WRONG  {one}")
    print("Nothing was wrong." if not wrong else f"{len(wrong)} things were wrong.")
    return min(len(wrong), 1)


def run(
    bookings: int,
    customers: int,
    only: str = "",
    strategies: Sequence[str] = STRATEGIES,
    freeze: float = _FREEZE,
    recorded: Path | None = None,
    patience: float = 1.0,
) -> list[str]:
    """Strike with every fault in turn; return what was wrong."""
    wrong: list[str] = []
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="bl-faults-")))
        folder.chmod(0o711)  # PostgreSQL's user has to pass through
        disk = held.enter_context(_small_disk(folder / "disk"))
        data, history = (disk or folder) / "data", recorded or folder / "history.jsonl"
        lab = held.enter_context(
            running(data=data, workers=2, history=str(history), think_time_ms=0, **SETTINGS)
        )
        made = make(lab.database_url, KINDS, strategies)
        places = [place for place in made if _suitable(lab, place)]
        with Customer(lab.url) as admin:  # the history begins with what there is then
            for place in places:
                admin.post(f"/admin/reset?kind={place.kind}&scope={place.scope}")
        told, stop = Told(LIMIT * patience), threading.Event()
        bookers = [
            Booker(lab.url, place, told, stop, f"{place.strategy} {place.kind} {number}")
            for place in places
            for number in range(customers)
        ]
        for booker in bookers:
            booker.start()
        try:
            for strike in all_strikes(freeze, disk):
                if only in strike.name:
                    wrong += struck(lab, strike, told, places, bookings, patience)
        finally:
            stop.set()
        for booker in bookers:
            booker.join(LIMIT * patience + freeze)
            if booker.is_alive():
                wrong.append(f"{booker.name} still waits for an answer")
        wrong += told.wrong()
        wrong += disagreements(lab, told)
        wrong += objections(lab.database_url, history, places)
    return wrong


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk with little room; none for whoever may not."""
    folder.mkdir()
    options = f"size={_DISK},mode=0711"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        print("No disk can be mounted, so none gets full: that takes root.", flush=True)
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def struck(
    lab: RunningLab,
    strike: Strike,
    told: Told,
    places: Sequence[Place],
    bookings: int,
    patience: float = 1.0,
) -> list[str]:
    """Strike once, in the middle of everything, and see that it is as before afterwards."""
    eventually(lambda: told.under_way, "a customer who asks for something")
    limit, within = LIMIT * patience, _AGAIN_WITHIN * patience
    met, begun = told.begin(limit + strike.holds), time.monotonic()
    did = strike.strike(lab)
    wrong = [] if did else ["it has struck nothing"]
    waiting = list(places)
    try:
        eventually(lambda: _serves(lab, waiting), "the service again", within)
        took, before = time.monotonic() - begun, told.statuses["201"]
        eventually(lambda: told.statuses["201"] >= before + bookings, "more bookings", within)
    except AssertionError as error:
        took = time.monotonic() - begun
        wrong.append(str(error))
    told.limit = limit
    if not told.statuses["201"]:
        wrong.append("nobody could book")
    if strike.felt and not told.not_served:
        wrong.append("no customer has felt it")
    print(
        f"{strike.name}: {did}, with {met} requests under way; {took:.1f} s until all were served; "
        f"slowest answer {told.slowest:.1f} s; {told.answers()}",
        flush=True,
    )
    return [f"{strike.name}: {one}" for one in (*wrong, *told.wrong())]


def _suitable(lab: RunningLab, place: Place) -> bool:
    """Whether this can be booked under this strategy at all."""
    with Customer(lab.url) as customer:
        _, answer = customer.call("POST", "/api/bookings", place.booking(_chance))
        return answer.get("code") != "unsuitable"


def _serves(lab: RunningLab, waiting: list[Place]) -> bool:
    """Whether the lab is ready and answers a booking of each place by yes or no.

    Args:
        lab: it.
        waiting: the places that have not been served yet; those that are, are taken out.
    """
    with Customer(lab.url) as customer:
        status, ready = customer.call("GET", "/ready")
        if status != 200 or not ready["redis"]:
            return False
        while waiting:
            place = waiting[0]
            status, answer = customer.call("POST", "/api/bookings", place.booking(_chance))
            if status == 201:
                path = f"/api/bookings/{answer['id']}?strategy={place.strategy}"
                status, _ = customer.call("DELETE", path)
            if status not in {200, 409}:
                return False
            waiting.pop(0)
    return True


def disagreements(lab: RunningLab, told: Told) -> list[str]:
    """Hold what customers were told against the bookings that there are."""
    wrong = []
    with Customer(lab.url) as customer:
        stand: set[str] = set()
        cursor = ""
        while cursor is not None:
            path = f"/api/bookings?status=confirmed&limit=100&cursor={quote(cursor)}"
            page = customer.get(path if cursor else path.partition("&cursor")[0])
            stand |= {booking["id"] for booking in page["bookings"]}
            cursor = page["next"]
        known = [(one, how) for one, how in told.stands.items() if how is not Stands.UNKNOWN]
        for one, how in known:
            if (one in stand) != (how is Stands.YES):
                wrong.append(f"booking {one} was told to be {how.value}, and is not")
        audit: dict[str, Any] = {}
        try:
            eventually(
                lambda: audit.update(customer.get("/admin/audit")) or audit["consistent"],
                within=_AGAIN_WITHIN,
            )
        except (AssertionError, KeyError):
            wrong.append(f"/admin/audit says {str(audit)[:500]}")
        for path in ("/admin/double-bookings", "/admin/violations"):
            if found := customer.get(path)["count"]:
                wrong.append(f"{path} counts {found}")
    yes = sum(how is Stands.YES for _, how in known)
    print(f"{len(told.stands)} bookings, {len(known)} of known outcome; {yes} stand.", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
