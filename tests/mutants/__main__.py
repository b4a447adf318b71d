"""Makes each harmful change in a copy of the checkout, and runs the tests that have to catch it.

    python -m tests.mutants [--jobs N] [WORD...]

With words, only those changes whose description or file contains one of them. A change is caught by
a test that fails, and passes without the change. What can't begin (a fixture, an import) and what
comes to no end has seen nothing. Exit code 0: all were caught; 1: some survived; 2: the list or the
tests are at fault.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.changes import Change, DoesNotFit, changes
from tests.mutants.copies import Copy

#: pytest's exit code when no test has failed.
_PASSED = 0


class Verdict(StrEnum):
    """What became of a change."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    AT_FAULT = "AT FAULT"


@dataclass(frozen=True)
class Result:
    """What became of a change, and what says so."""

    change: Change
    verdict: Verdict
    reason: str
    seconds: float

    def __str__(self) -> str:
        head = f"{self.verdict:8} {self.seconds:4.0f} s  {self.change.what} ({self.change.file})"
        return f"{head}\n    {self.reason}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the changes that ``arguments`` choose; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("words", nargs="*", metavar="WORD")
    given = parser.parse_args(arguments)
    chosen = [
        one
        for one in changes()
        if not given.words or any(word in f"{one.what} {one.file}" for word in given.words)
    ]
    if not chosen:
        parser.error("no change has any of these words")
    with tempfile.TemporaryDirectory(prefix="booking-lab-mutants-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user than root
        many = min(given.jobs, len(chosen))
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(many):
            copies.put(Copy(Path(folder) / str(number)))
        print(f"{len(chosen)} changes, {many} at a time.", flush=True)
        results = _side_by_side(many, copies, chosen)
    others = [one for one in results if one.verdict is not Verdict.CAUGHT]
    print(f"\n{len(results) - len(others)} of {len(results)} were caught.", *others, sep="\n")
    if any(one.verdict is Verdict.AT_FAULT for one in others):
        return 2
    return 1 if others else 0


def _side_by_side(
    many: int, copies: SimpleQueue[Copy], chosen: Sequence[Change]
) -> Sequence[Result]:
    passes: dict[str, bool] = {}

    def tried(change: Change) -> Result:
        copy, began = copies.get(), time.monotonic()
        try:
            verdict, reason = _verdict(copy, change, lambda test: _passes(copy, test, passes))
        finally:
            copies.put(copy)
        result = Result(change, verdict, reason, time.monotonic() - began)
        print(result, flush=True)
        return result

    with ThreadPoolExecutor(many) as threads:
        jobs = [threads.submit(tried, one) for one in chosen]
        try:
            return [job.result() for job in as_completed(jobs)]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _verdict(copy: Copy, change: Change, passes: Callable[[str], bool]) -> tuple[Verdict, str]:
    """Make the change, run its tests, and take it back; the one that fails has to pass then."""
    file = copy.folder / change.file
    before = file.read_text()
    try:
        file.write_text(change.applied(copy.folder))
        ran = copy.pytest(*change.selection)
    except DoesNotFit as error:
        return Verdict.AT_FAULT, str(error)
    finally:
        file.write_text(before)
    if ran.code == _PASSED:
        return Verdict.SURVIVED, ran.last
    if ran.failed is None:
        return Verdict.AT_FAULT, ran.last
    seen = f"{ran.failed.test}: {ran.failed.why}"
    if ran.failed.when == "setup":
        return Verdict.AT_FAULT, f"can't begin: {seen}"
    if not passes(ran.failed.test):
        return Verdict.AT_FAULT, f"fails without the change as well: {seen}"
    return Verdict.CAUGHT, seen


def _passes(copy: Copy, test: str, known: dict[str, bool]) -> bool:
    """Tell whether a test passes without any change; each is run once."""
    if test not in known:
        known[test] = copy.pytest(test).code == _PASSED
    return known[test]


if __name__ == "__main__":
    sys.exit(main())
