"""The stop, of a process with a fake model: nobody who has connected goes without an answer."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import BODY

HERE = Path(__file__).parent


@dataclass
class Service:
    process: subprocess.Popen[bytes]
    port: int
    host: str

    def ask(
        self, method: str = "GET", path: str = "/health/ready", body: str | None = None
    ) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=10)) as connection:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            response = connection.getresponse()
            return response.status, response.read()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@contextmanager
def running(host: str = "127.0.0.1", **settings: str) -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"HOST": host, "PORT": str(port), "MODEL_SECONDS": "0.01"} | settings
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
    process = subprocess.Popen([sys.executable, str(HERE / "fake_service.py")], env=environment)
    service = Service(process, port, host)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(OSError):
                if service.ask()[0] == 200:
                    break
            time.sleep(0.02)
        yield service
    finally:
        process.kill()
        process.wait()


def keep_asking(port: int, until: threading.Event, outcomes: Counter[str]) -> None:
    """Ask over one connection after another; heed nothing that the service says of connections."""
    body = json.dumps(BODY)
    while not until.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.connect()
        except (ConnectionRefusedError, TimeoutError):
            outcomes["not connected"] += 1
            time.sleep(0.01)
            continue
        try:
            while not until.is_set():
                connection.request("POST", "/predict", body, {"content-type": "application/json"})
                with connection.getresponse() as response:
                    response.read()
                outcomes[str(response.status)] += 1
                if response.will_close:
                    break
        except (OSError, http.client.HTTPException) as error:
            outcomes[f"lost: {error!r}"] += 1
        finally:
            connection.close()


def test_a_stop_under_load_loses_no_request() -> None:
    outcomes: Counter[str] = Counter()
    until = threading.Event()
    with running(DRAIN_SECONDS="0.2") as service:
        clients = [
            threading.Thread(target=keep_asking, args=(service.port, until, outcomes)) for _ in range(16)
        ]
        for client in clients:
            client.start()
        time.sleep(0.5)
        exit_code = service.stop()
        until.set()
        for client in clients:
            client.join()
    assert exit_code == 0
    assert outcomes["200"] > 0
    assert outcomes.keys() <= {"200", "503", "not connected"}


def test_while_it_drains_the_service_is_not_ready_and_still_answers() -> None:
    with running(DRAIN_SECONDS="1.5") as service:
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert service.ask()[0] == 503
        assert service.ask("GET", "/health/live")[0] == 200
        assert service.ask("POST", "/predict", json.dumps(BODY))[0] == 200
        assert service.process.wait(10) == 0


def test_a_request_on_its_way_is_answered_before_the_exit() -> None:
    with running(DRAIN_SECONDS="0", MODEL_SECONDS="1") as service:
        answers: list[int] = []
        client = threading.Thread(
            target=lambda: answers.append(service.ask("POST", "/predict", json.dumps(BODY))[0])
        )
        client.start()
        time.sleep(0.3)
        assert service.stop() == 0
        client.join()
    assert answers == [200]


def test_a_request_that_takes_too_long_does_not_hold_the_exit() -> None:
    with running(DRAIN_SECONDS="0", SHUTDOWN_SECONDS="3", MODEL_SECONDS="60") as service:
        client = http.client.HTTPConnection("127.0.0.1", service.port)
        client.request("POST", "/predict", json.dumps(BODY), {"content-type": "application/json"})
        time.sleep(0.3)
        started = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - started < 10
        client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_exits_at_once(number: signal.Signals) -> None:
    with running(DRAIN_SECONDS="7") as service:
        service.process.send_signal(number)
        time.sleep(0.3)
        service.process.send_signal(number)
        assert service.process.wait(2) == 128 + number
