"""A history to write into."""

from pathlib import Path

import pytest

from .histories import Written


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A history that begins with nothing booked."""
    return Written(tmp_path / "history.jsonl")
