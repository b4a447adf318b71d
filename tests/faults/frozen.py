"""Stops servers in the middle of whatever they do, and has them go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Freeze a process and all below it for the block, as SIGSTOP or a dead machine does."""
    top = psutil.Process(pid)
    top.suspend()  # first, so that it starts nobody else
    everyone = [top, *top.children(recursive=True)]
    try:
        for process in everyone[1:]:
            process.suspend()
        yield
    finally:
        for process in reversed(everyone):
            process.resume()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Freeze this process alone for the block."""
    process = psutil.Process(pid)
    process.suspend()
    try:
        yield
    finally:
        process.resume()
