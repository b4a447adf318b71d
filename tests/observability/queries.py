"""Every PromQL expression of the project, and the metrics and labels that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

ROOT = Path(__file__).parents[2]
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
RULES = sorted((ROOT / "prometheus" / "rules").glob("*.yml"))

#: What Grafana puts in before it asks; the windows are longer than a few scrapes of the tests.
_VARIABLES = {"$__rate_interval": "20s", "$__range": "5m", "$__interval": "5s"}


@dataclass(frozen=True)
class Query:
    """An expression, where it stands, and the labels that its legend shows."""

    where: str
    expression: str
    legend: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.where


@dataclass(frozen=True)
class Named:
    """A metric with a label that an expression asks of it; no label: the metric alone."""

    metric: str
    label: str = ""


def of_panels() -> Iterator[Query]:
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                where = f"{path.stem}: {panel['title']} {target['refId']}"
                legend = frozenset(re.findall(r"{{(\w+)}}", target["legendFormat"]))
                yield Query(where, _filled_in(target["expr"]), legend)


def of_annotations() -> Iterator[Query]:
    for path in DASHBOARDS:
        for annotation in json.loads(path.read_text())["annotations"]["list"]:
            if "expr" in annotation:
                yield Query(f"{path.stem}: {annotation['name']}", _filled_in(annotation["expr"]))


def of_rules() -> Iterator[Query]:
    for rule in rules():
        yield Query(rule.get("record") or rule["alert"], rule["expr"])


def rules() -> Iterator[dict[str, Any]]:
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def recorded() -> dict[str, str]:
    """The expressions of the recording rules by the name that they give."""
    return {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}


def named(expression: str) -> set[Named]:
    """The metrics that an expression rests on, each with what it is matched or grouped by.

    A recorded metric counts as the metrics that it is made of.
    """
    return set(_named(promql.parse(expression), frozenset()))


def _filled_in(expression: str) -> str:
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def _named(node: Any, grouped: frozenset[str]) -> Iterator[Named]:
    match node:
        case promql.VectorSelector():
            labels = grouped | {matcher.name for matcher in node.matchers.matchers}
            if node.name in (rule := recorded()):
                yield from _named(promql.parse(rule[node.name]), labels)
            else:
                yield from (Named(node.name or "", label) for label in labels | {""})
        case promql.AggregateExpr():
            by = node.modifier.labels if node.modifier else ()
            yield from _named(node.expr, grouped.union(by))
        case promql.BinaryExpr():
            matching = node.modifier and node.modifier.matching
            for side in (node.lhs, node.rhs):
                yield from _named(side, grouped.union(matching.labels if matching else ()))
        case promql.MatrixSelector():
            yield from _named(node.vector_selector, grouped)
        case promql.Call():
            for argument in node.args:
                yield from _named(argument, grouped)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from _named(node.expr, grouped)
        case promql.NumberLiteral() | promql.StringLiteral():
            return
        case _:
            raise AssertionError(f"{type(node).__name__} is new here: {node}")
