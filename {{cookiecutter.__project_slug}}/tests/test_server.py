import http.client
import os
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from conftest import PROJECT, Service, Start, fill, wait_until

from service.settings import Settings
from service.volume import model_repository

BODY = (PROJECT / "examples" / "predict.json").read_bytes()


def test_an_idle_service_stops_at_once_when_told_to(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 0
    assert time.monotonic() - began < 3


def test_a_service_that_is_still_importing_stops_when_told_to(start: Start, tmp_path: Path) -> None:
    slow = tmp_path / "uvicorn.py"
    slow.write_text("import pathlib, time; pathlib.Path(__file__ + '.seen').touch(); time.sleep(60)")
    service = start(PYTHONPATH=tmp_path)
    wait_until(Path(f"{slow}.seen").exists)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 0


def test_a_service_that_is_still_loading_stops_when_told_to(start: Start, settings: Settings) -> None:
    directory = model_repository.find(settings).directory
    with (directory / "large.bin").open("wb") as large:
        large.truncate(50 * 1024**3)
    with (directory / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  large.bin\n")
    service = start()
    wait_until(service.is_live)
    assert not service.is_ready()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 0


def test_no_thread_is_stopped_amid_its_work(start: Start, tmp_path: Path) -> None:
    # What Python runs at the exit, before and after it ends the threads that are left.
    (tmp_path / "sitecustomize.py").write_text("import atexit, os; atexit.register(os._exit, 42)")
    service = start(PYTHONPATH=tmp_path)
    wait_until(service.is_ready)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 0


@pytest.mark.parametrize("reader", ["hangs", "is gone"])
def test_a_log_that_nobody_reads_stops_neither_the_answers_nor_the_exit(start: Start, reader: str) -> None:
    readable, writable = os.pipe()
    fill(writable)
    if reader == "is gone":
        os.close(readable)
    service = start(writable, LOG_LEVEL="debug")
    os.close(writable)
    wait_until(service.is_ready)
    for _ in range(10):
        assert service.is_live()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=5) == 0
    if reader == "hangs":
        os.close(readable)


def test_no_accepted_request_is_lost_when_a_busy_service_stops(start: Start) -> None:
    service = start(DRAIN_SECONDS=2, RECEIVE_TIMEOUT_SECONDS=1)
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
    # Where newcomers cannot be turned away first, one that comes while the socket closes may be reset.
    assert outcomes.total() - outcomes["answered"] - outcomes["refused"] <= 1, outcomes


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
            kept = True
            while kept:
                kept = ask(connection)
                outcomes["answered"] += 1
        except (OSError, http.client.HTTPException) as error:
            outcomes[repr(error)] += 1
            return
        finally:
            connection.close()


def ask(connection: http.client.HTTPConnection) -> bool:
    """Send one request; return whether the connection may be used again."""
    connection.request("POST", "/predict", BODY, {"content-type": "application/json"})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    response.read()
    return not response.will_close


@contextmanager
def half_a_request(service: Service) -> Iterator[None]:
    """Keep a request open that never gets its body."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port)) as connection:
        connection.putrequest("POST", "/predict")
        connection.putheader("content-length", "1000")
        connection.endheaders(b"{")
        time.sleep(0.2)
        yield


def test_a_second_signal_ends_the_service_at_once(start: Start) -> None:
    service = start(DRAIN_SECONDS=60, RECEIVE_TIMEOUT_SECONDS=50)
    wait_until(service.is_ready)
    with half_a_request(service):
        service.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert service.process.poll() is None
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=5) == 128 + signal.SIGTERM


def test_a_request_that_is_sent_by_half_does_not_make_a_stop_a_failure(start: Start) -> None:
    service = start(DRAIN_SECONDS=3, RECEIVE_TIMEOUT_SECONDS=1)
    wait_until(service.is_ready)
    with half_a_request(service):
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=3) == 0
    assert "cut off" not in service.log.read_text(encoding="utf-8")


def test_a_request_that_outlasts_the_drain_is_cut_off(start: Start, tmp_path: Path) -> None:
    slow = "import time; from service.serving import executor; executor.ask_alone = lambda *_: time.sleep(60)"
    (tmp_path / "sitecustomize.py").write_text(slow)
    service = start(DRAIN_SECONDS=1, RECEIVE_TIMEOUT_SECONDS=0.9, PYTHONPATH=tmp_path)
    wait_until(service.is_ready)
    with closing(http.client.HTTPConnection("127.0.0.1", service.port)) as connection:
        connection.request("POST", "/predict", BODY, {"content-type": "application/json"})
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert service.process.wait(timeout=10) == 1
        assert time.monotonic() - began > 0.9
    assert "1 requests were cut off" in service.log.read_text(encoding="utf-8")


def test_a_missing_model_ends_the_service_with_one_sentence(start: Start, volume: Path) -> None:
    shutil.rmtree(volume)
    volume.mkdir()
    assert last_words(start()).startswith(str(volume))


def test_a_setting_that_cannot_work_ends_the_service_with_one_sentence_before_it_imports_more(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('imported')")
    sentence = last_words(start(LOG_LEVEL="loud", PYTHONPATH=tmp_path))
    assert sentence.startswith("LOG_LEVEL is 'loud' but must be")


def test_an_address_that_is_taken_ends_the_service_with_one_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = last_words(start(PORT=port))
    assert sentence.startswith(f"HOST '127.0.0.1' with PORT {port} cannot be listened on (Address already")


def last_words(service: Service) -> str:
    """Return the last line on stderr of a service that fails."""
    assert service.process.wait(timeout=20) == 1
    stderr = service.log.read_text(encoding="utf-8")
    assert "Traceback" not in stderr
    return stderr.splitlines()[-1]
