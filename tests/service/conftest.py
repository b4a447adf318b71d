"""A lab of three instances behind one port."""

import pytest

from tests.uncounted import running_uncounted


@pytest.fixture(scope="session")
def three_instances():
    """Three instances with two workers each, on one database."""
    with running_uncounted(instances=3, workers=2, log_level="WARNING") as lab:
        yield lab
