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
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.changes import Change, DoesNotFit, changes
from tests.mutants.copies import Copy

#: pytest's exit codes.
PASSED, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the changes that ``arguments`` choose; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("words", nargs="*", metavar="WORD")
    given = parser.parse_args(arguments)
    words = given.words
    chosen = [
        one for one in changes() if not words or any(w in f"{one.what} {one.file}" for w in words)
    ]
    if not chosen:
        return _at_fault("No change has any of these words", words)
    with tempfile.TemporaryDirectory(prefix="booking-lab-mutants-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user than root
        copies: SimpleQueue[Copy] = SimpleQueue()
        many = min(given.jobs, len(chosen))
        for number in range(many):
            copies.put(Copy(Path(folder) / str(number)))
        print(f"{len(chosen)} changes, {many} at a time.", flush=True)
        selections = dict.fromkeys(one.selection for one in chosen)
        if failed := _side_by_side(many, copies, _unchanged, selections):
            return _at_fault("These tests fail without any change", failed)
        print("All of these tests pass without a change; now with each change in turn.", flush=True)
        survived = _side_by_side(many, copies, _changed, chosen)
    if survived:
        print(f"\n{len(survived)} of {len(chosen)} survived:", *survived, sep="\n  ")
        return FAILED
    print(f"\nAll {len(chosen)} were caught.")
    return PASSED


def _side_by_side(many, copies, run, todo) -> list[str]:  # type: ignore[no-untyped-def]
    """Run ``run(copy, one)`` for all of ``todo``; return what is to be complained of."""

    def on_a_copy(one: object) -> str:
        copy = copies.get()
        try:
            return str(run(copy, one))
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(many) as threads:
        jobs = [threads.submit(on_a_copy, one) for one in todo]
        try:
            return [said for job in as_completed(jobs) if (said := job.result())]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _unchanged(copy: Copy, selection: tuple[str, ...]) -> str:
    began = time.monotonic()
    code, output = copy.pytest(*selection)
    what = " ".join(selection)
    print(f"unchanged {time.monotonic() - began:4.0f} s  {what}", flush=True)
    return "" if code == PASSED else f"{what}: {_reason(output)}"


def _changed(copy: Copy, change: Change) -> str:
    """Return what survived; empty: it was caught."""
    began = time.monotonic()
    file = copy.folder / change.file
    before = file.read_text()
    try:
        file.write_text(change.applied(copy.folder))
        code, output = copy.pytest(*change.selection)
    except DoesNotFit as error:
        code, output = 2, str(error)
    finally:
        file.write_text(before)
    reason = _reason(output)
    # With -x there is one: a test that failed, or what kept it from beginning.
    caught = code == FAILED and reason.startswith("FAILED ")
    word = "caught  " if caught else "SURVIVED"
    print(f"{word} {time.monotonic() - began:5.0f} s  {change.what}\n    {reason}", flush=True)
    return "" if caught else f"{change.what} ({change.file}): {reason}"


def _at_fault(what: str, them: Iterable[str]) -> int:
    print(f"{what}:", *them, sep="\n  ", file=sys.stderr)
    return 2


def _reason(output: str) -> str:
    """The test that failed first, or else what was printed last."""
    lines = output.strip().splitlines() or ["(nothing printed)"]
    return next((line for line in lines if line.startswith(("FAILED ", "ERROR "))), lines[-1])


if __name__ == "__main__":
    sys.exit(main())
