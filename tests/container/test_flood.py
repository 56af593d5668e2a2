"""The container under more than it can do: every request ends, liveness answers, memory stays bounded."""

import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from container.conftest import ALL_CAPABILITIES, copy_project, default, resident_megabytes
from load import Result, ask_once, make_request, run_load, run_probe
from project import TEMPLATE, Project

LOAD = TEMPLATE / "tools" / "load.py"
LIVE = make_request("GET", "/health/live")
everything = pytest.mark.parametrize("answers", [ALL_CAPABILITIES])


@pytest.fixture
def slow(project: Project, tmp_path: Path) -> Project:
    """The project with a model that takes 0.1 s, for one request at a time."""
    copy = copy_project(project, tmp_path, "slow")
    source = copy.path / "src" / "service"
    for file, old, new in [
        ("model_runtime.py", "import os\n", "import os\nimport time\n"),
        ("model_runtime.py", "-> Arrays:\n", "-> Arrays:\n        time.sleep(0.1)\n"),
        ("predictor.py", "rows_are_independent = True", "rows_are_independent = False"),
    ]:
        text = (source / file).read_text(encoding="utf-8")
        assert old in text
        (source / file).write_text(text.replace(old, new), encoding="utf-8")
    copy.compose("build")
    return copy


async def flood(host: str, request: bytes, count: int) -> Result:
    """Send so many requests at once, each over its own connection."""
    result = Result()
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(ask_once(host, 8000, request, result))
    return result


@default
def test_each_of_two_thousand_requests_at_once_ends_within_its_deadline(slow: Project) -> None:
    request = make_request("POST", "/predict", slow.example().encode())
    with slow.running(REQUEST_TIMEOUT_SECONDS=4, INFERENCE_THREADS=1):
        result = asyncio.run(flood(slow.address(), request, 2000))
        assert slow.predict()["digit"] == 7
        assert slow.inspect("{{.State.OOMKilled}}/{{.RestartCount}}") == "false/0"
    assert (result.refused, result.lost) == (0, {})
    assert result.statuses.keys() == {200, 503, 504}
    assert result.statuses.total() == 2000
    # What the client needs for 2000 connections is part of it.
    assert result.quantile(1) < 4 + 4


@contextmanager
def other_clients(host: str, request: bytes, connections: int, seconds: float) -> Iterator[list[dict]]:
    """Have clients in another process send a request again and again; the list gets how it went."""
    given = {"host": host, "port": 8000, "connections": connections, "seconds": seconds}
    command = [sys.executable, str(LOAD), json.dumps(given | {"request": request.decode("latin-1")})]
    results: list[dict] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        yield results
        results.append(json.loads(process.stdout.read()))


def probe_under(project: Project, body: bytes) -> tuple[dict, Result]:
    """Have 64 connections send a body to /predict, and ask whether the service lives meanwhile."""
    host = project.address()
    with other_clients(host, make_request("POST", "/predict", body), 64, seconds=6) as results:
        time.sleep(1.5)
        probe = asyncio.run(run_probe(host, 8000, LIVE, seconds=4, every=0.05))
    return results[0], probe


@default
@pytest.mark.parametrize("kind", ["example", "unknown keys"])
def test_liveness_answers_within_a_tenth_of_a_second_under_load(project: Project, kind: str) -> None:
    body = project.example().encode()
    if kind == "unknown keys":
        body = json.dumps({f"k{number}": 1 for number in range(5000)}).encode()[:64_000]
        body = body[: body.rindex(b",")] + b"}"
    status = "200" if kind == "example" else "422"
    with project.running():
        for _ in range(3):  # other programs may slow one of them down
            result, probe = probe_under(project, body)
            assert result["statuses"].keys() == {status}
            assert (result["lost"], probe.lost, probe.refused) == ({}, {}, 0)
            if probe.quantile(0.5) < 0.1 and probe.quantile(1) < 0.5:
                break
        else:
            pytest.fail(f"half of the probes took {probe.quantile(0.5)} s, one {probe.quantile(1)} s")
        assert project.predict()["digit"] == 7


INPUT = {"name": "image", "shape": [1, 8, 8], "datatype": "FP32"}
# What is sent, the status of the answer, and for how many seconds.
LARGE = {
    "a list of junk": (json.dumps({"junk": [{}] * 249_000}), 400, 8),
    "too many numbers": (json.dumps({"inputs": [INPUT | {"data": [1] * 330_000}]}), 400, 4),
    "a long id": (json.dumps({"id": "x" * 990_000, "inputs": [INPUT | {"data": [1] * 64}]}), 504, 4),
}


@everything
def test_large_bodies_take_no_memory_for_long(project: Project) -> None:
    with project.running(MAX_BODY_BYTES=1_000_000, LOG_LEVEL="error"):
        for name, (body, status, seconds) in LARGE.items():
            headers = {"x_request_timeout_ms": "0"} if status == 504 else {}
            request = make_request("POST", "/v2/models/digits/infer", body.encode(), **headers)
            asyncio.run(run_load(project.address(), 8000, request, 2, seconds=1))
            before = resident_megabytes(project)
            result = asyncio.run(run_load(project.address(), 8000, request, 16, seconds))
            time.sleep(0.5)
            after = resident_megabytes(project)
            assert result.statuses.keys() == {status}, (name, result.summary())
            assert result.lost == {}
            assert after < before + 150, name
        assert project.predict()["digit"] == 7
        assert project.inspect("{{.State.OOMKilled}}/{{.RestartCount}}") == "false/0"


def malformed_requests(body: bytes) -> Iterator[bytes]:
    """Give requests that are wrong in their head, and some hundreds of which bytes are changed."""
    post = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    for length in (b"0" * 4400, b"9" * 4400, b"-1", b"+5", b"1e3", b"5, 5", "٣".encode(), b""):
        yield post + b"content-length: " + length + b"\r\n\r\n" + body
    yield post + b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n"
    yield post + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n"
    yield post + b"x: " + b"a" * 100_000 + b"\r\n\r\n"
    yield b"POST /predict HTTP/9.9\r\n\r\n"
    yield b"GET /" + b"%00\xff" * 100 + b" HTTP/1.1\r\nhost: x\r\n\r\n"
    yield b"GET http://[::1 HTTP/1.1\r\nhost: [\r\nx-request-id: \xff\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # TLS
    dice = random.Random(1)  # noqa: S311
    good = make_request("POST", "/predict", body)
    for _ in range(300):
        request = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            request[dice.randrange(len(request) if dice.random() < 0.3 else 120)] = dice.randrange(256)
        yield bytes(request[: dice.randrange(len(request))] if dice.random() < 0.2 else request)


def send_raw(host: str, request: bytes) -> int | None:
    """Send bytes and nothing more; return the status of the answer, or nothing if there is none."""
    with socket.create_connection((host, 8000), timeout=10) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            head = connection.recv(65536)
        except ConnectionError:
            return None
    return int(head.split()[1]) if head else None


@default
def test_malformed_requests_are_refused_without_a_traceback(project: Project) -> None:
    with project.running():
        host = project.address()
        requests = list(malformed_requests(project.example().encode()))
        with ThreadPoolExecutor(8) as pool:
            statuses = Counter(pool.map(lambda request: send_raw(host, request), requests))
        zeros = send_open(host, requests[0])
        assert project.predict()["digit"] == 7
        log = project.compose("logs", "service")
    assert 400 <= zeros < 500
    assert "Traceback" not in log
    assert "Exception" not in log
    assert all(status is None or status == 200 or 400 <= status < 500 for status in statuses), statuses
    assert statuses[400] > 50


def send_open(host: str, request: bytes) -> int:
    """Send bytes, keep the connection open and return the status of the answer."""
    with socket.create_connection((host, 8000), timeout=10) as connection:
        connection.sendall(request)
        return int(connection.recv(65536).split()[1])
