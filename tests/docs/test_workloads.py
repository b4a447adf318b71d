"""What the documents say of workloads is what the workloads are."""

from __future__ import annotations

import inspect
import re
import shutil
from pathlib import Path

from booking_lab.config import Settings
from booking_lab.core.capability import _PROTOCOLS, Capability, capabilities_of
from booking_lab.core.lab_workload import LabWorkload
from booking_lab.core.workload import Bookable
from booking_lab.db import schema
from booking_lab.explorer.scheduler.explore import explore
from booking_lab.explorer.scheduler.plan import ExplorationPlan, ExplorationServers
from booking_lab.explorer.search.exhaustive import ExhaustiveSearch
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.workloads import Workloads

from .markdown import ROOT, section, table

PAGE = ROOT / "docs" / "workloads.md"


def words(cell: str, separator: str = ",") -> set[str]:
    return {word.strip(" `") for word in cell.split(separator) if word.strip()}


def test_every_workload_is_in_the_table() -> None:
    rows = table(section(PAGE, "What can be booked").prose, "Workload")
    assert [row[0] for row in rows] == [workload.name for workload in Workloads()]


def test_the_table_says_what_each_can_do() -> None:
    rows = {row[0]: row for row in table(section(PAGE, "What can be booked").prose, "Workload")}
    for workload in Workloads():
        *_, can = rows[workload.name]
        assert words(can) == {str(one) for one in capabilities_of(workload)}


def test_everything_that_bookers_contend_for_is_described() -> None:
    rows = table(section(PAGE, "What bookers contend for").prose, "Workload")
    for workload in Workloads():
        said = [scenario for name, scenario, _ in rows if name in {workload.name, "all"}]
        assert said == [one.name for one in workload.contests(3)]
    common = {scenario for name, scenario, _ in rows if name == "all"}
    own = Workloads([ROOT / "tests" / "web" / "own"]).get("desks")
    assert {one.name for one in own.contests(2)} == common | {"one desk"}


def test_the_table_says_what_goes_wrong() -> None:
    for name, _, _, goes_wrong, _ in table(section(PAGE, "What can be booked").prose, "Workload"):
        workload = Workloads().get(name)
        found = set(re.findall(r"^SELECT '(.*?)'", workload.wrong.replace("    ", ""), re.M))
        assert words(goes_wrong) == found - {"orphan"}


def test_each_workload_has_a_section_that_names_what_goes_wrong() -> None:
    for row in table(section(PAGE, "What can be booked").prose, "Workload"):
        told = re.findall(r"\* \*\*(.*?)\*\*:", section(PAGE, row[0].capitalize()).prose)
        assert {one.lower() for one in told} == words(row[3])


def test_every_capability_is_described_with_its_functions_and_who_needs_it() -> None:
    said = {
        capability: (words(functions), words(needed))
        for capability, functions, needed in table(
            section(PAGE, "What a workload can").prose, "Capability"
        )
    }
    strategies = Registry([SHIPPED]).entries()
    assert said == {
        str(capability): (
            {name for name in vars(protocol) if not name.startswith("_")},
            {entry.name for entry in strategies if capability in entry.strategy_class.needs},
        )
        for capability, protocol in _PROTOCOLS.items()
    }


def test_everything_that_a_workload_has_to_have_is_described() -> None:
    said = {row[0] for row in table(section(PAGE, "One of your own").prose, "Member")}
    functions = {
        name: function
        for kind in (Bookable, LabWorkload)
        for name, function in vars(kind).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }
    ready_made = {
        "contests", "migrations", "schema", "audit_sql", "findings", "change", "violations_in",
    }  # fmt: skip
    attributes = set(LabWorkload.__annotations__)
    assert said == attributes | {
        f"{name}({', '.join([*inspect.signature(function).parameters][1:])})"
        for name, function in functions.items()
        if name not in ready_made
    }


def test_the_workload_of_the_page_is_found_and_explored(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    commands = section(PAGE, "One of your own").of("sh")[0].text
    assert "cp -r tests/web/own/desks* my-workloads" in commands
    for file in (ROOT / "tests" / "web" / "own").glob("desks*"):
        copy = shutil.copytree if file.is_dir() else shutil.copy
        copy(file, tmp_path / file.name)
    schema.migrate(database_url, Settings(workload_folders=(str(tmp_path),)))
    workload = Workloads([tmp_path]).get("desks")
    registry = Registry([SHIPPED])
    entry = registry.get("none")
    plan = ExplorationPlan((entry, entry.create({})), workload, workload.scenarios(2)[0])
    found = explore(ExplorationServers(database_url, redis_url), registry, plan, ExhaustiveSearch())
    assert found.complete
    assert set(found.anomalies) == {"double booking"}


def test_what_servers_offer_is_no_capability_of_a_workload() -> None:
    assert set(Capability) - set(_PROTOCOLS) == {Capability.REDIS, Capability.QUORUM}
