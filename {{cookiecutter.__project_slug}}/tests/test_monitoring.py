"""The dashboard asks for what the service exports, and Prometheus for where it is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PROJECT
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

MONITORING = PROJECT / "monitoring"
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "service.json").read_text(encoding="utf-8"))
# What an expression holds besides metrics: texts, matchers, ranges, labels to sum by, functions and numbers.
OTHERS = re.compile(r'"[^"]*"|{.*?}|\[.*?\]|\w+ by \(.*?\)|\w+(?= ?\()|\b[0-9.]+')


def find_expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    """Return what the panels of a dashboard ask Prometheus."""
    for panel in panels:
        for target in panel["targets"]:
            yield target["expr"]


EXPRESSIONS = list(find_expressions(DASHBOARD["panels"]))


@pytest.fixture
def exported(client: TestClient) -> dict[str, set[str]]:
    """The labels of every metric that the service exports once it has answered."""
    body = (PROJECT / "examples" / "predict.json").read_bytes()
    client.post("/predict", content=body, headers={"content-type": "application/json"})
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def find_metrics(expression: str) -> list[str]:
    return re.findall(r"[a-z_:][a-z0-9_:]*", OTHERS.sub(" ", expression))


def find_labels(expression: str) -> set[str]:
    summed = re.findall(r"\bby \((.*?)\)", expression)
    matched = re.findall(r"[{,] ?(\w+) ?(?:=|!=|=~|!~)", expression)
    return {name.strip() for names in summed for name in names.split(",")} | set(matched)


def test_metrics_and_labels_are_found_in_an_expression() -> None:
    expression = 'quantile(0.5, sum by (le, route) (rate(a_bucket{b!~"/c.*"}[$__x]))) / time() == a_total'
    assert find_metrics(expression) == ["a_bucket", "a_total"]
    assert find_labels(expression) == {"le", "route", "b"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_expression_asks_for_what_is_exported(expression: str, exported: dict[str, set[str]]) -> None:
    metrics = find_metrics(expression)
    assert metrics
    for metric in metrics:
        assert find_labels(expression) <= exported[metric], metric


def test_all_that_the_service_measures_itself_is_on_the_dashboard(exported: dict[str, set[str]]) -> None:
    shown = {metric for expression in EXPRESSIONS for metric in find_metrics(expression)}
    families = {re.sub("_(bucket|count|sum)$", "", metric) for metric in exported}
    own = {family for family in families if not family.startswith("process_")}
    assert own <= {re.sub("_(bucket|count|sum)$", "", metric) for metric in shown}


def test_names_in_a_panel_are_labels_of_what_it_shows(exported: dict[str, set[str]]) -> None:
    for panel in DASHBOARD["panels"]:
        name = panel["fieldConfig"]["defaults"].get("displayName", "")
        labels = set(re.findall(r"\${__field\.labels\.(\w+)}", name))
        (first, *_) = panel["targets"]
        assert labels <= set().union(*(exported[metric] for metric in find_metrics(first["expr"])))


def test_panels_do_not_lie_upon_each_other() -> None:
    taken = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
