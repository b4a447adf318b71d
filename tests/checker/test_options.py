"""Where a lab is told to record."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from booking_lab.cli.main import main
from booking_lab.config import Settings
from booking_lab.stack import StackError, running


def booking_lab(*arguments, **variables):
    return CliRunner().invoke(main, arguments, env=variables)


@pytest.fixture
def started(monkeypatch):
    """The settings that a lab would have been started with."""
    settings = []

    def launch(_plan, given, *_, **__):
        settings.append(given)

    monkeypatch.setattr("booking_lab.cli.up.launch", launch)
    monkeypatch.setattr("booking_lab.cli.up._announce", lambda _: None)
    return settings


def test_up_records_where_the_option_or_the_variable_says(started, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert booking_lab("up", "--history", "run.jsonl").exit_code == 0
    assert booking_lab("up", BOOKING_LAB_HISTORY="/a/b").exit_code == 0
    assert booking_lab("up", "--history", "/c/d", BOOKING_LAB_HISTORY="/a/b").exit_code == 0
    assert booking_lab("up").exit_code == 0
    assert [one.history for one in started] == [f"{tmp_path}/run.jsonl", "/a/b", "/c/d", ""]


def test_a_lab_that_could_not_record_is_not_started():
    with (
        pytest.raises(StackError, match=r"The history /nowhere/h can't be written: No such file"),
        running(history="/nowhere/h"),
    ):
        pytest.fail("it was started")


def test_serve_refuses_it_before_it_asks_for_servers():
    servers = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}
    done = booking_lab("serve", "--history", "/nowhere/h", **servers)
    assert done.exit_code == 1
    assert "The history /nowhere/h can't be written" in done.output


def test_the_demo_records_its_own_lab_alone():
    done = booking_lab("demo", "--url", "http://127.0.0.1:1", "--history", "h")
    assert done.exit_code == 2
    assert "--history is for the demo's own lab" in done.output


def test_a_history_survives_the_environment():
    settings = Settings(history="/a b/c.jsonl")
    assert Settings.from_environment(settings.to_environment()) == settings
