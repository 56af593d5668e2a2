"""The process: how it starts, where it listens, and what it says when it cannot."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from test_shutdown import Service, running

SOURCE = Path(__file__).parents[1] / "src"


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", *arguments]
    variables = os.environ | {"PYTHONPATH": str(SOURCE), "HOST": "127.0.0.1"} | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def find_errors(result: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in result.stderr.splitlines() if " ERROR " in line]


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        (["--port", "9000"], {}, 2, "there are no arguments (--port 9000): set environment variables"),
        ([], {"PORT": "none"}, 1, "PORT is 'none' but"),
        ([], {"HOST": "203.0.113.1"}, 1, "HOST 203.0.113.1 and PORT 8000 cannot be listened on"),
        ([], {"HOST": "a..b"}, 1, "HOST a..b and PORT 8000 cannot be listened on"),
        ([], {"ENGINE_URL": "engine:8080"}, 1, "ENGINE_URL is 'engine:8080' but"),
    ],
)
def test_what_cannot_work_ends_in_one_sentence(
    arguments: list[str], environment: dict[str, str], code: int, sentence: str
) -> None:
    result = start(*arguments, **environment)
    (line,) = find_errors(result)
    assert sentence in line
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_without_an_engine_the_process_lives_and_says_so_in_one_line(tmp_path: Path) -> None:
    log, port, url = tmp_path / "log", find_port(), f"http://127.0.0.1:{find_port()}"
    variables = {"HOST": "127.0.0.1", "PORT": str(port), "ENGINE_URL": url, "DRAIN_SECONDS": "0"}
    variables |= {"PYTHONPATH": str(SOURCE), "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "service"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, env=os.environ | variables, stderr=stderr)
    service = Service(process, port, "127.0.0.1")
    try:
        status, body = 0, b""
        deadline = time.monotonic() + 20
        while url not in body.decode() and time.monotonic() < deadline:
            with suppress(OSError):
                status, body = service.ask()
            time.sleep(0.02)
        assert (status, json.loads(body)["state"]) == (503, "loading")
        assert service.ask("GET", "/health/live")[0] == 200
        assert service.stop() == 0
    finally:
        process.kill()
        process.wait()
    messages = [json.loads(line)["message"] for line in log.read_text().splitlines()]
    (line,) = [message for message in messages if "engine" in message]
    assert line.startswith(f"the engine at {url} does not answer: ")


@pytest.mark.parametrize("host", ["::", "127.0.0.2"])
def test_the_health_check_asks_where_the_service_listens(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    address = "127.0.0.1" if host == "::" else host
    with running(address, HOST=host) as service:
        check = [sys.executable, str(SOURCE / "service" / "healthcheck.py")]
        environment = os.environ | {"HOST": host, "PORT": str(service.port)}
        assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0
        assert service.stop() == 0
        assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 1
