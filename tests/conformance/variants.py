"""Liars that are others with another number, or another word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

LIARS = Path(__file__).with_name("liars")
#: Whose each is, and what it has in place of the other's.
VARIANTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "locks_two": ("locks_the_first", {"first": 2}),
    "locks_the_ends": ("locks_the_first", {"last": 1}),
    "moves_lock_three": ("locks_the_first", {"first": 3, "actions": ("move",)}),
    "moves_lock_the_ends": ("locks_the_first", {"last": 1, "actions": ("move",)}),
    "moves_lock_one_kind": ("locks_one_kind", {"kind": "slot_resources", "actions": ("move",)}),
    "locks_the_branch": ("locks_the_hour", {"edge": "branch_id", "unit": ""}),
    "locks_the_service": ("locks_the_hour", {"edge": "service_id", "unit": ""}),
    "locks_the_day": ("locks_the_hour", {"unit": "%Y-%m-%d"}),
    "locks_the_week": ("locks_the_hour", {"unit": "%G-%V"}),
    "locks_the_month": ("locks_the_hour", {"unit": "%Y-%m"}),
    "locks_the_year": ("locks_the_hour", {"unit": "%Y"}),
    "locks_the_last_day": ("locks_the_hour", {"unit": "%Y-%m-%d", "edge": "ends_at"}),
    "locks_the_last_year": ("locks_the_hour", {"unit": "%Y", "edge": "ends_at"}),
}


def write(folder: Path) -> None:
    """Write the files of all variants into a folder."""
    for name, (whose, what) in VARIANTS.items():
        text = (LIARS / f"{whose}.py").read_text()
        for attribute, value in what.items():
            text, found = re.subn(
                rf"(?m)^    {attribute} = .*$", f"    {attribute} = {value!r}", text
            )
            assert found == 1
        (folder / f"{name}.py").write_text(text)
