"""The dashboard shows what the service measures, all of it and nothing else."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from service import metrics

DASHBOARD = json.loads(Path(__file__).parents[1].joinpath("dashboard.json").read_text(encoding="utf-8"))
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
SHOWN = set(re.findall(r"\b(?:http|inference|model|service)_\w+", " ".join(QUERIES)))
METRICS = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def names(metric: MetricWrapperBase) -> set[str]:
    """Return the names that Prometheus knows the metric by."""
    return {family.name + suffix for family in metric.describe() for suffix in SUFFIXES[family.type]}


@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_every_metric_is_in_the_dashboard(metric: MetricWrapperBase) -> None:
    assert names(metric) & SHOWN


def test_every_name_in_the_dashboard_is_a_metric() -> None:
    assert set.union(*map(names, METRICS)) >= SHOWN
