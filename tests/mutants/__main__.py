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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
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
    """What became of a change, what says so, and the test that has caught it."""

    change: Change
    verdict: Verdict
    reason: str
    seconds: float
    test: str = ""

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
        results = _held_against(results, copies.get())
    others = [one for one in results if one.verdict is not Verdict.CAUGHT]
    print(f"\n{len(results) - len(others)} of {len(results)} were caught.", *others, sep="\n")
    if any(one.verdict is Verdict.AT_FAULT for one in others):
        return 2
    return 1 if others else 0


def _side_by_side(
    many: int, copies: SimpleQueue[Copy], chosen: Sequence[Change]
) -> Sequence[Result]:
    def tried(change: Change) -> Result:
        copy, began = copies.get(), time.monotonic()
        try:
            verdict, reason, test = _verdict(copy, change)
        finally:
            copies.put(copy)
        result = Result(change, verdict, reason, time.monotonic() - began, test)
        print(result, flush=True)
        return result

    with ThreadPoolExecutor(many) as threads:
        jobs = [threads.submit(tried, one) for one in chosen]
        try:
            return [job.result() for job in as_completed(jobs)]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _verdict(copy: Copy, change: Change) -> tuple[Verdict, str, str]:
    """Make the change, run its tests, and take it back; return what caught it as well."""
    file = copy.folder / change.file
    before = file.read_text()
    try:
        file.write_text(change.applied(copy.folder))
        ran = copy.pytest("-x", *change.selection)
    except DoesNotFit as error:
        return Verdict.AT_FAULT, str(error), ""
    finally:
        file.write_text(before)
    if ran.code == _PASSED:
        return Verdict.SURVIVED, ran.last, ""
    if not ran.failed:
        return Verdict.AT_FAULT, ran.last, ""
    first = ran.failed[0]
    seen = f"{first.test}: {first.why}"
    if first.when == "setup":
        return Verdict.AT_FAULT, f"can't begin: {seen}", ""
    return Verdict.CAUGHT, seen, first.test


def _held_against(results: Sequence[Result], copy: Copy) -> Sequence[Result]:
    """Run what has caught a change without any; what fails then has caught nothing."""
    tests = sorted({one.test for one in results if one.test})
    if not tests:
        return results
    print(f"What has caught them, {len(tests)} tests, without any change:", flush=True)
    ran = copy.pytest(*tests)
    print(f"    {ran.last}", flush=True)
    failed = {one.test for one in ran.failed}
    if ran.code != _PASSED and not failed:  # nobody knows of any of them
        failed = set(tests)
    fails = "fails without the change as well: "
    return [
        replace(one, verdict=Verdict.AT_FAULT, reason=f"{fails}{one.reason}")
        if one.test in failed
        else one
        for one in results
    ]


if __name__ == "__main__":
    sys.exit(main())
