"""Prometheus' configuration and rules, checked by its own promtool."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from . import queries
from .processes import program

FOLDER = queries.ROOT / "prometheus"
RULE_TESTS = sorted((FOLDER / "tests").glob("*.test.yml"))


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(
        [program("promtool", "prometheus"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_configuration_is_valid_and_loads_every_rule_file() -> None:
    said = promtool("check", "config", FOLDER / "prometheus.yml")
    assert f"{len(queries.RULES)} rule files found" in said


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", *queries.RULES)


def test_the_rules_do_what_their_tests_say() -> None:
    promtool("test", "rules", *RULE_TESTS)


def test_each_alert_is_shown_firing_and_keeping_still() -> None:
    shown: dict[str, set[bool]] = {}
    for path in RULE_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                shown.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    alerts = {rule["alert"] for rule in queries.rules() if "alert" in rule}
    assert shown == {alert: {True, False} for alert in alerts}


def test_each_alert_says_what_is_wrong_and_what_to_do() -> None:
    for rule in queries.rules():
        if "alert" in rule:
            assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
            assert "for" in rule, rule["alert"]
            assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
