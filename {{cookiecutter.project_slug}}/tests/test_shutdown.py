"""Graceful shutdown of a process with a fake model: every connection gets an answer."""

import http.client
import json
import signal
import threading
import time
from collections import Counter
from functools import partial

import process
import pytest
from conftest import BODY

running = partial(process.running, process.FAKE_SERVICE)


def keep_asking(port: int, until: threading.Event, outcomes: Counter[str]) -> None:
    """Send requests until told to stop; reconnect when the service closes a connection."""
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
        assert service.ask("/health/live")[0] == 200
        assert service.ask("/predict", json.dumps(BODY))[0] == 200
        assert service.process.wait(10) == 0


def test_a_running_request_is_answered_before_the_exit() -> None:
    with running(DRAIN_SECONDS="0", MODEL_SECONDS="1") as service:
        answers: list[int] = []
        client = threading.Thread(target=lambda: answers.append(service.ask("/predict", json.dumps(BODY))[0]))
        client.start()
        time.sleep(0.3)
        assert service.stop() == 0
        client.join()
    assert answers == [200]


def test_a_request_that_takes_too_long_gets_503_and_does_not_delay_the_exit() -> None:
    with running(DRAIN_SECONDS="0", SHUTDOWN_SECONDS="3", MODEL_SECONDS="60") as service:
        client = http.client.HTTPConnection("127.0.0.1", service.port)
        client.request("POST", "/predict", json.dumps(BODY), {"content-type": "application/json"})
        time.sleep(0.3)
        started = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - started < 10
        assert client.getresponse().status == 503
        client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_exits_at_once(number: signal.Signals) -> None:
    with running(DRAIN_SECONDS="7") as service:
        service.process.send_signal(number)
        time.sleep(0.3)
        service.process.send_signal(number)
        assert service.process.wait(2) == 128 + number
