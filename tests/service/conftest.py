"""A lab of three instances behind one port."""

import pytest

from booking_lab.stack import running


@pytest.fixture(scope="session")
def three_instances():
    """Three instances with two workers each, on one database."""
    with running(instances=3, workers=2, log_level="WARNING") as lab:
        yield lab
