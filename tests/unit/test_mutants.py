"""The list of harmful changes fits the code; `make mutants` makes them and runs the tests."""

import pytest

from tests.mutants.changes import ROOT, changes


@pytest.mark.parametrize("change", changes(), ids=lambda change: change.what)
def test_the_change_can_be_made_and_names_tests_that_are_there(change):
    assert change.applied(ROOT) != (ROOT / change.file).read_text()
    for name in change.tests:
        file, *test = name.split("::")
        assert all(f"def {one}(" in (ROOT / file).read_text() for one in test)


def test_no_two_changes_are_the_same():
    described = [change.what for change in changes()]

    assert len(set(described)) == len(described)
