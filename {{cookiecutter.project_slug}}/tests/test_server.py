import http.client
import json
import shutil
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from conftest import PROJECT, Service, Start, wait_until

BODY = (PROJECT / "examples" / "predict.json").read_bytes()


def test_an_idle_service_stops_at_once_when_told_to(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 0
    assert time.monotonic() - began < 3


def test_a_service_that_is_still_importing_stops_when_told_to(start: Start) -> None:
    service = start()
    time.sleep(0.05)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) in {0, -signal.SIGTERM}


def test_no_accepted_request_is_lost_when_a_busy_service_stops(start: Start) -> None:
    service = start(DRAIN_SECONDS=2)
    wait_until(service.is_ready)
    outcomes: Counter[str] = Counter()
    clients = [threading.Thread(target=ask_until_refused, args=(service, outcomes)) for _ in range(8)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=10) == 0
    for client in clients:
        client.join(timeout=10)
    assert outcomes["answered"] > 50
    assert outcomes.keys() <= {"answered", "refused"}, outcomes


def ask_until_refused(service: Service, outcomes: Counter[str]) -> None:
    """Ask over a kept connection until a new one is refused; whatever else ends it is a lost request."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
        try:
            connection.connect()
        except ConnectionRefusedError:
            outcomes["refused"] += 1
            return
        try:
            while ask(connection) == "keep":
                outcomes["answered"] += 1
            outcomes["answered"] += 1
        except (OSError, http.client.HTTPException) as error:
            outcomes[repr(error)] += 1
            return
        finally:
            connection.close()


def ask(connection: http.client.HTTPConnection) -> str:
    connection.request("POST", "/predict", BODY, {"content-type": "application/json"})
    response = connection.getresponse()
    assert json.load(response)["digit"] == 7
    return "close" if response.will_close else "keep"


def test_a_second_signal_ends_the_service_at_once(start: Start) -> None:
    service = start(DRAIN_SECONDS=60)
    wait_until(service.is_ready)
    with_half_a_request = http.client.HTTPConnection("127.0.0.1", service.port)
    with_half_a_request.putrequest("POST", "/predict")
    with_half_a_request.putheader("content-length", "1000")
    with_half_a_request.endheaders(b"{")
    time.sleep(0.2)
    service.process.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert service.process.poll() is None
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 128 + signal.SIGTERM
    with_half_a_request.close()


def test_a_missing_model_ends_the_service_with_one_sentence(start: Start, volume: Path) -> None:
    shutil.rmtree(volume / "digits")
    sentence = last_words(start())
    assert str(volume / "digits") in sentence
    assert "put" in sentence


def test_a_setting_that_cannot_work_ends_the_service_with_one_sentence(start: Start) -> None:
    assert last_words(start(MODEL_VERSION="newest")).startswith("MODEL_VERSION is 'newest' but must be")


def last_words(service: Service) -> str:
    """Return the last line on stderr of a service that fails."""
    assert service.process.wait(timeout=20) == 1
    stderr = service.log.read_text(encoding="utf-8")
    assert "Traceback" not in stderr
    return stderr.splitlines()[-1]
