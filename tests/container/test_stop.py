"""The stop of a container: what was accepted is answered, and the exit code is 0."""

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import load
import pytest
from container.conftest import default
from load import Load, Result, make_request
from project import Project


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have clients connect again at once, and not wait long for a container that is gone."""
    monkeypatch.setattr(load, "RETRY", 0.002)
    monkeypatch.setattr(load, "HANDSHAKE", 1.0)


def stop_under_load(project: Project) -> Result:
    """Start the container and stop it while 16 clients ask; return how their requests ended."""
    project.up()
    request = make_request("POST", "/predict", project.example().encode())
    clients = Load(project.address(), 8000, request, connections=16)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: asyncio.run(clients.run(seconds=60)))
        time.sleep(0.5)
        project.compose("stop")
        clients.stop()
        assert project.inspect("{{.State.ExitCode}}") == "0"
        return running.result()


@default
@pytest.mark.parametrize("stops", [5, pytest.param(20, marks=pytest.mark.stress)])
@pytest.mark.usefixtures("impatient")
def test_stops_under_load_lose_no_request(project: Project, stops: int) -> None:
    with project.started():
        results = [stop_under_load(project) for _ in range(stops)]
    assert [dict(result.lost) for result in results] == [{}] * stops
    statuses = sum((result.statuses for result in results), Counter())
    assert statuses.keys() <= {200, 503}
    assert all(result.statuses[200] > 50 for result in results)
