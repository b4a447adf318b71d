"""Code that others may have written is not run."""

import os
from pathlib import Path

import pytest

from booking_lab.config import Settings
from booking_lab.errors import ConfigurationError, UnknownStrategy
from booking_lab.permissions import written_by_others
from booking_lab.runtime.strategy_registry import Registry
from tests.unit.test_registry import A_STRATEGY

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
SOMEBODY = 4242


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "above" / "mine"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(A_STRATEGY)
    return folder


def by_name(folder: Path, name: str) -> Settings:
    return Settings.from_environment({name: f"/nowhere:{folder}"})


@pytest.mark.parametrize("variable", ["BOOKING_LAB_STRATEGIES", "BOOKING_LAB_WORKLOADS"])
def test_a_folder_of_ones_own_is_taken(folder: Path, variable: str) -> None:
    assert by_name(folder, variable)


@pytest.mark.parametrize("variable", ["BOOKING_LAB_STRATEGIES", "BOOKING_LAB_WORKLOADS"])
@pytest.mark.parametrize(
    ("above", "mode"), [(False, 0o777), (False, 0o1777), (False, 0o702), (True, 0o777)]
)
def test_a_folder_that_others_may_write_to_is_refused(
    folder: Path, variable: str, above: bool, mode: int
) -> None:
    open_one = folder.parent if above else folder
    open_one.chmod(mode)
    with pytest.raises(ConfigurationError) as refused:
        by_name(folder, variable)
    assert str(refused.value).startswith(f"{variable} names {folder}, whose files the lab would")
    assert f"others may write to {open_one} (chmod go-w {open_one} ends that)" in str(refused.value)


def test_in_a_folder_like_tmp_nobody_can_replace_ones_own(folder: Path) -> None:
    folder.parent.chmod(0o1777)
    assert written_by_others(folder) is None


@needs_root
def test_a_group_of_several_is_others(folder: Path) -> None:
    folder.chmod(0o770)
    assert written_by_others(folder) is None  # root's own group
    os.chown(folder, 0, SOMEBODY)
    assert "others may write" in (written_by_others(folder) or "")


@needs_root
@pytest.mark.parametrize("above", [False, True])
def test_a_folder_of_somebody_else_is_refused(folder: Path, above: bool) -> None:
    os.chown(folder.parent if above else folder, SOMEBODY, SOMEBODY)
    assert "belongs to user 4242" in (written_by_others(folder) or "")


def test_a_link_leads_to_what_counts(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert written_by_others(link) is None
    folder.parent.chmod(0o777)
    assert f"others may write to {folder.parent} " in (written_by_others(link) or "")


@pytest.mark.parametrize("what", ["mine.py", "__pycache__", "."])
def test_what_has_become_open_since_is_not_run(folder: Path, what: str) -> None:
    registry = Registry([folder])
    assert registry.get("mine")
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / what).chmod(0o777)
    (folder / "mine.py").write_text("raise SystemExit('it was run')")
    os.utime(folder / "mine.py", (1, 1))

    registry.scan()
    [broken] = registry.load_failures()

    assert "it is not run: others may write to" in broken.reason


def test_a_package_counts_with_all_that_is_in_it(folder: Path) -> None:
    package = folder / "other"
    package.mkdir()
    (package / "__init__.py").write_text(A_STRATEGY)
    (package / "part.py").touch(mode=0o600)
    assert Registry([folder]).get("other")
    (package / "part.py").chmod(0o666)
    registry = Registry([folder])
    with pytest.raises(UnknownStrategy):
        registry.get("other")
    assert "part.py" in registry.load_failures()[0].reason
