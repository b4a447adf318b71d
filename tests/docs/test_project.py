"""What a project shows of itself: one version, a licence, templates for issues."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import metadata
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from packaging.version import Version

import booking_lab
from booking_lab.cli.main import main
from booking_lab.config import Settings
from booking_lab.web.app import create_app

from .markdown import ROOT, sections

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def command_line() -> str:
    return CliRunner().invoke(main, ["--version"]).output.split()[-1]


def api() -> str:
    app = create_app(Settings(log_level="CRITICAL"))
    answer = app.test_client().get("/openapi.json", headers={"Host": "localhost"})
    return str(answer.json["info"]["version"])


def image() -> str:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    named = {one.get("image", "") for one in compose["services"].values()}
    [tag] = {name.partition(":")[2] for name in named if name.startswith("booking-lab:")}
    return str(tag)


def changelog() -> str:
    """The newest release; while there are changes after it, the version that leads to the next."""
    titles = [one.title for one in sections(ROOT / "CHANGELOG.md")]
    newest = next(title for title in titles if re.match(r"\d+\.", title)).split()[0]
    if "Unreleased" not in titles:
        return newest
    coming = Version(PROJECT["version"])
    assert coming.is_devrelease
    assert coming > Version(newest)
    return str(coming)


@pytest.mark.parametrize(
    "shown",
    [lambda: booking_lab.__version__, command_line, api, image, changelog],
    ids=["package", "command", "API", "image", "changelog"],
)
def test_the_version_is_that_of_the_project(shown: Any) -> None:
    assert shown() == PROJECT["version"]


def test_the_package_bears_the_licence() -> None:
    about = metadata("booking-lab")
    assert about["License-Expression"] == PROJECT["license"] == "MIT"
    assert about.get_all("License-File") == PROJECT["license-files"]
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("MIT License")
    assert "The booking-lab authors" in text


@pytest.mark.parametrize(
    ("schema", "pattern"), [("github-issue-forms", "[!c]*.yml"), ("github-issue-config", "c*.yml")]
)
def test_the_templates_for_issues_are_valid(schema: str, pattern: str) -> None:
    files = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob(pattern))
    assert files
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_report_of_a_problem_asks_for_what_it_takes_to_see_it() -> None:
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "problem.yml").read_text())
    asked = {part["id"] for part in form["body"] if "id" in part}
    assert asked >= {"version", "strategy", "reproduce", "output", "happened", "how", "machine"}
