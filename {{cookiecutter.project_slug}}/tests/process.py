"""Processes for tests: a server that runs as long as a test needs it, or a command that ends by itself."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICE = [sys.executable, "-m", "service"]
FAKE_SERVICE = [sys.executable, str(ROOT / "tests" / "fake_service.py")]


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    host: str
    port: int

    def ask(self, path: str = "/health/ready", body: str | None = None) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=10)) as connection:
            connection.request("POST" if body else "GET", path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()

    def wait_for(self, path: str, status: int, text: str = "") -> None:
        """Wait for an answer with this text; if it does not come, fail, and pytest shows the log."""
        answer, deadline = None, time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError):
                answer = self.ask(path)
                if answer[0] == status and text.encode() in answer[1]:
                    return
            time.sleep(0.02)
        pytest.fail(f"{self.process.args!r} did not answer {status} at {path}; its last answer: {answer}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@contextmanager
def running(command: list[str], path: str = "/health/ready", **variables: str) -> Iterator[Server]:
    """Start a server, wait until this path on PORT answers 200, and kill it at the end."""
    environment = make_environment(variables)
    host = environment["HOST"].replace("::", "127.0.0.1")  # which :: includes
    process = subprocess.Popen(command, env=environment)
    server = Server(process, host, int(environment["PORT"]))
    try:
        server.wait_for(path, 200)
        yield server
    finally:
        process.kill()
        process.wait()


def run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    environment = make_environment(variables)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def make_environment(variables: dict[str, str]) -> dict[str, str]:
    defaults = {"HOST": "127.0.0.1", "PORT": str(find_port()), "PYTHONPATH": str(ROOT / "src")}
    return os.environ | defaults | variables


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
