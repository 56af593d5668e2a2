"""A machine's clock may be set while the service runs; no duration may notice."""

import ast
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT
from fastapi.testclient import TestClient

SOURCES = PROJECT / "src" / "service"
CLOCKS = {"time", "time_ns", "now", "utcnow", "today"}
BODY = (PROJECT / "examples" / "predict.json").read_bytes()


def clocks_read_in(source: Path) -> Iterator[str]:
    """Give each place that reads the time of day."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            what = ast.unparse(node.func)
            if not what.endswith("loop.time") and what != "asyncio.get_running_loop().time":
                yield f"{source.relative_to(SOURCES).as_posix()}: {what}"


def test_the_time_of_day_is_read_for_people_alone() -> None:
    found = {place for source in SOURCES.rglob("*.py") for place in clocks_read_in(source)}
    assert found == {"serving/readiness.py: datetime.now"}


@pytest.mark.parametrize("step", [-1e7, 1e7], ids=["back", "forth"])
def test_a_clock_that_jumps_changes_no_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    times = itertools.count(time.time(), step)
    monkeypatch.setattr(time, "time", lambda: next(times))
    headers = {"content-type": "application/json", "x-request-timeout-ms": "5000"}
    for _ in range(3):
        assert client.post("/predict", content=BODY, headers=headers).status_code == 200
        assert client.get("/health/ready").status_code == 200
