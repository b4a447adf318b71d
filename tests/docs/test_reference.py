"""What the documents list is what there is: nothing is missing, and nothing is invented."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from typing import Any

import jsonschema
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from booking_lab import config, errors
from booking_lab.config import Settings
from booking_lab.conformance.waiting import eventually
from booking_lab.explorer.matrix import document, matrix
from booking_lab.explorer.scheduler.nemesis import NEMESES, SLOW_NEMESES
from booking_lab.observers import stopwatch
from booking_lab.runtime import engine, race
from booking_lab.runtime.strategy_registry import SHIPPED, Registry
from booking_lab.web.app import create_app
from booking_lab.web.http import problems
from booking_lab.web.schemas.workload_schema import WorkloadSchemas
from booking_lab.workloads import Workloads

from .conftest import DocumentedLab
from .markdown import ROOT, Section, section, sections, table
from .reader import EXERCISES

README = ROOT / "README.md"
API = ROOT / "docs" / "api.md"
#: There, and no part of the description of the API.
UNLISTED = {"/docs/", "/openapi.json", "/"}


@pytest.fixture(scope="module")
def app() -> Any:
    """The application alone: no server behind it."""
    return create_app(Settings(admin_token="secret", max_body=256, log_level="CRITICAL"))


@pytest.fixture(scope="module")
def openapi(app: Any) -> dict[str, Any]:
    document: dict[str, Any] = app.test_client().get("/openapi.json").json
    return document


def operations(openapi: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations, by method and path as the documents write them."""
    return {
        f"{method.upper()} {re.sub(r'{.*?}', '{id}', path)}": operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    }


def described() -> dict[str, Section]:
    """The sections of docs/api.md that describe an endpoint."""
    return {one.title.strip("`"): one for one in sections(API) if one.title.startswith("`")}


# --- endpoints -----------------------------------------------------------------------------------


def test_every_endpoint_is_listed_and_described(openapi: dict[str, Any]) -> None:
    there = list(operations(openapi))
    listed = [row[0] for row in table(section(API, "All endpoints").prose, "Endpoint")]
    assert sorted(listed) == sorted(there)
    assert sorted(described()) == sorted(there)


def test_every_endpoint_is_described_with_the_statuses_that_it_answers(
    openapi: dict[str, Any],
) -> None:
    for name, operation in operations(openapi).items():
        said = set(re.findall(r"\b[2-5]\d\d\b", described()[name].prose))
        there = set(operation["responses"])
        anywhere = {str(status) for status in problems.common_statuses(name.partition(" ")[0])}
        assert said <= there, f"{name}: {sorted(said - there)} is not answered"
        assert there - anywhere <= said, f"{name}: {sorted(there - said)} is missing"


def test_what_any_address_may_answer_is_said_once() -> None:
    rows = table(section(API, "What any address may answer").prose, "HTTP")
    assert [int(status) for status, _ in rows] == list(problems.common_statuses("POST"))


@pytest.mark.parametrize("path", sorted(UNLISTED))
def test_what_is_no_part_of_the_description_is_there(app: Any, path: str) -> None:
    assert path in API.read_text()
    assert app.test_client().get(path, follow_redirects=True).status_code == 200


def test_the_examples_have_every_field_and_no_other(openapi: dict[str, Any]) -> None:
    for name, operation in operations(openapi).items():
        examples = [json.loads(block.text) for block in described()[name].of("json")]
        if "requestBody" in operation:
            schema = content(operation["requestBody"])
            compare(examples.pop(0), schema, openapi, f"{name}, what is sent", complete=False)
            for one in common(schema, openapi):
                shown = described()[name].prose + described()[name].of("json")[0].text
                assert one in shown, f"{name} doesn't say that it takes {one}"
        answer = next(v for k, v in operation["responses"].items() if k in {"200", "201"})
        if "application/json" not in answer["content"]:
            continue  # metrics
        assert len(examples) == 1, f"{name} has {len(examples)} examples of its answer"
        compare(examples[0], content(answer), openapi, name)


def content(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part["content"]["application/json"]["schema"]
    return schema


def common(schema: dict[str, Any], openapi: dict[str, Any]) -> set[str]:
    """The fields of a body; if it differs by kind, those that all kinds have."""
    schema = resolve(schema, openapi)
    kinds = schema.get("oneOf") or schema.get("anyOf") or []
    each = [common(one, openapi) for one in kinds]
    return set.intersection(*each) if each else set(schema["properties"])


def test_the_fields_of_every_kind_are_in_the_table() -> None:
    said = {
        kind: set(re.findall(r"\w+", fields))
        for kind, fields, _ in table(described()["POST /api/bookings"].prose, "Kind")
    }
    kinds = WorkloadSchemas(Workloads()).all()
    assert said == {name: set(kind.fields.model_fields) for name, kind in kinds.items()}


def resolve(schema: dict[str, Any], openapi: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return openapi["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema


def compare(
    example: Any, schema: dict[str, Any], openapi: dict[str, Any], where: str, complete: bool = True
) -> None:
    """Hold an example to its schema: valid, no field too many and, if complete, none missing."""
    jsonschema.validate(example, {**schema, "components": openapi["components"]})
    schema = resolve(schema, openapi)
    for item in example if isinstance(example, list) else []:
        compare(item, schema["items"], openapi, where, complete)
    if isinstance(example, dict) and "properties" in schema:
        there, shown = set(schema["properties"]), set(example)
        assert shown <= there, f"{where}: {sorted(shown - there)} is not there"
        assert not complete or shown == there, f"{where}: {sorted(there - shown)} is missing"
        for name, value in example.items():
            compare(value, schema["properties"][name], openapi, f"{where}, {name}", complete)


# --- errors --------------------------------------------------------------------------------------


Kind = type[errors.BookingLabError]


def lab_errors(kind: Kind = errors.BookingLabError) -> Iterator[Kind]:
    for child in kind.__subclasses__():
        yield child
        yield from lab_errors(child)


def test_every_error_code_is_described_with_its_status(app: Any) -> None:
    said = {code: int(status) for code, status, _ in table(API.read_text(), "Code")}
    there = {
        kind.code: kind.status
        for kind in lab_errors()
        if kind.__module__ == errors.__name__  # others belong to the launcher; so does this one:
        and kind is not errors.ConfigurationError
    }
    assert said == there | http_errors(app)


def http_errors(app: Any) -> dict[str, int]:
    """The codes that HTTP itself gives rise to, each made to happen."""
    client = app.test_client()
    without_token = create_app(Settings(log_level="CRITICAL")).test_client()
    as_json = {"content_type": "application/json"}
    answers = [
        client.get("/nowhere"),
        client.post("/book", headers={"Origin": "https://another.example"}),
        without_token.get("/book", headers={"Host": "another.example"}),
        client.post("/events"),
        client.get("/admin/stats"),
        client.post("/book", data="x"),
        client.post("/book", data="{", **as_json),
        client.post("/book", data="[]", **as_json),
        client.post("/book", data="{}", **as_json),
        client.post("/book", data="x" * 1000, **as_json),
        client.get("/health"),  # the lab behind it was never started
    ]
    assert all(answer.content_type == "application/problem+json" for answer in answers)
    return {answer.json["code"]: answer.status_code for answer in answers}


def test_the_figures_in_the_text_are_those_of_the_code() -> None:
    pages = (API, ROOT / "docs" / "metrics.md")
    said = [" ".join(page.read_text().split()) for page in pages]
    assert "within five seconds" in said[0]
    assert engine.RESOLVE_WITHIN == 5
    assert "within ten seconds" in said[0]
    assert race.BARRIER_TIMEOUT == 10
    assert "two milliseconds" in said[1]
    assert stopwatch.CONTENDED_AFTER == 0.002


# --- settings ------------------------------------------------------------------------------------


def test_every_setting_is_described_as_it_is() -> None:
    ranges = {name: f"{low:,} to {high:,}" for name, low, high in config._RANGES}
    there = [
        [
            field.metadata["variable"],
            written(field.default),
            ranges.get(field.name, ""),
            field.metadata["about"],
        ]
        for field in fields(Settings)
    ]
    assert table((ROOT / "docs" / "settings.md").read_text(), "Variable") == there


def written(default: object) -> str:
    """A default as one would write it into the variable; nothing for what is empty."""
    if isinstance(default, bool):
        return str(int(default))
    return "" if default in ("", ()) else str(default)


# --- metrics -------------------------------------------------------------------------------------


def test_every_metric_is_described_with_its_type_and_labels(shared_lab: DocumentedLab) -> None:
    said = {
        name: (kind, set(re.findall(r"\w+", labels)))
        for name, kind, labels, _ in table((ROOT / "docs" / "metrics.md").read_text(), "Metric")
    }
    make_every_metric_show(shared_lab.url)
    with suppress(AssertionError):  # what is missing is told below
        eventually(lambda: scraped(shared_lab.url) == said, within=10)
    assert scraped(shared_lab.url) == said


def make_every_metric_show(url: str) -> None:
    """Book, and let a lock expire under its holder."""
    requests.post(f"{url}/admin/reset?event_id=1", timeout=30)
    requests.post(f"{url}/admin/think-time", json={"think_time_ms": 200}, timeout=30)
    seat = {"event_id": 1, "seat_number": "A1", "customer_id": "customer_1"}
    short = {"strategy": "distributed", "options": {"ttl": 0.05}}
    answer = requests.post(f"{url}/book", json=seat | short, timeout=30)
    assert answer.json()["status"] == "confirmed"


def scraped(url: str) -> dict[str, tuple[str, set[str]]]:
    """The metrics by name, each with its type and labels."""
    found = {}
    for family in text_string_to_metric_families(requests.get(f"{url}/metrics", timeout=30).text):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels)
    return found


# --- strategies ----------------------------------------------------------------------------------


def test_every_strategy_is_in_the_table_of_its_page() -> None:
    page = section(ROOT / "docs" / "strategies.md", "Which one to take")
    listed = [row[0] for row in table(page.prose, "Strategy")]
    assert sorted(listed) == [entry.name for entry in Registry([SHIPPED]).entries()]


def test_every_strategy_that_is_broken_on_purpose_is_in_the_guides_table() -> None:
    guide = ROOT / "strategies" / "README.md"
    listed = [row[0] for row in table(section(guide, "The shelf").prose, "Mistake")]
    shelf = Registry([SHIPPED], shelf=True).entries()
    assert listed == [entry.name for entry in shelf if entry.strategy_class.broken]


# --- the explorer --------------------------------------------------------------------------------


def test_the_readme_shows_the_matrix_as_it_is() -> None:
    _, _, rest = README.read_text().partition(f"{document.MARKS[0]}\n")
    shown, mark, _ = rest.partition(document.MARKS[1])
    assert mark
    workloads = [workload.name for workload in Workloads()]
    assert shown == document.table(matrix.load(), workloads) + "\n", "run `make matrix`"


def test_the_matrix_has_every_strategy_on_every_workload_that_it_can_book() -> None:
    there = [cell.key for cell in matrix.load()]
    wanted = matrix.empty_cells(Registry([SHIPPED]), list(Workloads()), ("", *NEMESES))
    assert there == sorted(cell.key for cell in wanted), "run `make matrix`"


def test_the_schedule_that_the_page_draws_is_one_that_an_exercise_runs() -> None:
    shown = section(ROOT / "docs" / "explorer.md", "What it shows")
    [drawn] = shown.of("")
    [run, _] = EXERCISES[8].of("text")
    assert drawn.text.count("\n") > 10
    assert [line for line in drawn.text.splitlines() if line not in run.text.splitlines()] == []
    address = run.text.splitlines()[-1]
    assert f"`{address}`" in " ".join(shown.prose.split())


def test_every_nemesis_is_described() -> None:
    page = section(ROOT / "docs" / "explorer.md", "What can go wrong")
    assert [row[0] for row in table(page.prose, "Nemesis")] == [*NEMESES, *SLOW_NEMESES]
    legend = " ".join(section(README, "The matrix").prose.split())
    assert all(f"(`{name}`)" in legend for name in NEMESES)


# --- the layers ----------------------------------------------------------------------------------


def test_every_folder_of_the_package_is_described() -> None:
    page = section(ROOT / "docs" / "how-it-works.md", "Layers").prose
    there = {init.parent.name for init in (ROOT / "booking_lab").glob("*/__init__.py")}
    assert {name for name, _ in table(page, "Folder of `booking_lab`")} == there


def test_the_layers_are_those_that_the_linter_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    held = [one["layers"] for one in contracts["contracts"] if one["type"] == "layers"]
    shown = section(ROOT / "docs" / "how-it-works.md", "Layers").of("")
    said = [" ".join(one.text.split()).replace(", ", " : ").split(" → ") for one in shown]
    assert said == held
