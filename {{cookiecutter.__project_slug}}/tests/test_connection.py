"""Callers that misbehave, over real connections."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from conftest import PROJECT, Start, wait_until

from service.connection import MAX_HEAD_BYTES
from service.listening import listen
from service.server import Server
from service.settings import Settings

SECONDS = 0.5
HEAD = b"POST /predict HTTP/1.1\r\nhost: service\r\ncontent-length: 1000\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nhost: service\r\n"


Address = tuple[str, int]


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    """The address of a server in a thread of its own."""
    settings = Settings(
        host="127.0.0.1", model_repository=PROJECT / "models", receive_timeout_seconds=SECONDS
    )
    server, listener = Server(settings), listen("127.0.0.1", 0)
    address = listener.getsockname()
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    wait_until(lambda: server.readiness.status.ready)
    yield address
    server.should_exit = True
    thread.join()


def connect(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=20)


def status_of_answer(connection: socket.socket) -> int:
    """Read one answer and leave the connection as it is."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    response.read()
    return response.status


def drip(connection: socket.socket, count: int) -> None:
    """Send a byte now and then, until the other side has had enough."""
    for _ in range(count):
        try:
            connection.sendall(b"x")
        except OSError:
            return
        time.sleep(SECONDS / 10)


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """Read one answer and the end of the connection; no bytes are status 0."""
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    if not received:
        return 0, {}
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("sent", "status", "key"),
    [
        (b"", 0, ""),
        (b"\r\n", 0, ""),
        (b"GET /health HTTP/1.1\r\nhost: ", 408, "detail"),
        (b"POST /v2/models/digits/infer HTTP/1.1\r\nhost: ", 408, "error"),
        (HEAD, 408, "detail"),
        (HEAD.replace(b"/predict", b"/v2/models/digits/infer"), 408, "error"),
        (HEAD.replace(b"content-length: 1000", b"transfer-encoding: chunked"), 408, "detail"),
    ],
    ids=["nothing", "an empty line", "head", "head for v2", "body", "body for v2", "chunked body"],
)
def test_who_does_not_send_a_whole_request_in_time_is_cut_off(
    address: Address, sent: bytes, status: int, key: str
) -> None:
    with closing(connect(address)) as connection:
        began = time.monotonic()
        connection.sendall(sent)
        answer = {key: "the request was not received whole within 0.5 s"} if key else {}
        assert read_answer(connection) == (status, answer)
        assert SECONDS * 0.9 < time.monotonic() - began < SECONDS + 1


@pytest.mark.parametrize("sent", [b"GET /health HTTP/1.1\r\nx: ", HEAD], ids=["head", "body"])
def test_sending_byte_by_byte_gains_no_time(address: Address, sent: bytes) -> None:
    with closing(connect(address)) as connection:
        began = time.monotonic()
        connection.sendall(sent)
        drip(connection, 13)
        assert read_answer(connection)[0] == 408
        assert time.monotonic() - began < SECONDS + 1


def test_each_request_of_a_kept_connection_has_its_own_time(address: Address) -> None:
    with closing(connect(address)) as connection:
        for _ in range(4):
            connection.sendall(LIVE)
            time.sleep(SECONDS * 0.5)
            connection.sendall(b"\r\n")
            assert status_of_answer(connection) == 200
        time.sleep(SECONDS * 1.5)  # idle, which is no request
        connection.sendall(LIVE + b"\r\n")
        assert status_of_answer(connection) == 200
        began = time.monotonic()
        connection.sendall(LIVE)
        assert read_answer(connection)[0] == 408
        assert time.monotonic() - began > SECONDS * 0.9


def test_an_unfinished_body_after_the_answer_ends_the_connection(address: Address) -> None:
    with closing(connect(address)) as connection:
        connection.sendall(HEAD.replace(b"POST /predict", b"GET /health/live"))
        assert status_of_answer(connection) == 200
        began = time.monotonic()
        assert connection.recv(65536) == b""
        assert time.monotonic() - began < SECONDS + 1


def heads(size: int) -> Iterator[bytes]:
    """Yield heads of this size: one header, many headers, a long path."""
    lines = LIVE + b"".join(b"x-%05d: %s\r\n" % (number, b"y" * 90) for number in range(size // 100))
    yield LIVE + b"x: " + b"y" * size + b"\r\n\r\n"
    yield lines + b"\r\n"
    yield b"GET /" + b"y" * size + b" HTTP/1.1\r\nhost: service\r\n\r\n"


def test_a_head_of_some_length_is_read(address: Address) -> None:
    for head in heads(MAX_HEAD_BYTES - 1000):
        with closing(connect(address)) as connection:
            connection.sendall(head)
            assert status_of_answer(connection) in {200, 404}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "without an end"])
def test_a_head_that_is_too_long_is_refused(address: Address, *, whole: bool) -> None:
    for head in heads(MAX_HEAD_BYTES + 1000):
        with closing(connect(address)) as connection:
            connection.sendall(head if whole else head[:-4])
            status, answer = read_answer(connection)
            assert status == 431
            assert answer == {"detail": "the head of the request has more than 16384 bytes, the limit here"}


def test_a_long_body_is_not_taken_for_a_head(address: Address) -> None:
    body = b" " * (MAX_HEAD_BYTES * 4)
    with closing(connect(address)) as connection:
        connection.sendall(HEAD.replace(b"1000", b"%d" % len(body)) + body)
        assert status_of_answer(connection) == 422


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02", b"GET / HTTP/1.1\r\ncontent-length: soon\r\n\r\n"])
def test_what_is_no_request_is_refused_in_one_sentence(address: Address, sent: bytes) -> None:
    with closing(connect(address)) as connection:
        connection.sendall(sent)
        assert read_answer(connection) == (400, {"detail": "this cannot be read as a request of HTTP/1.1"})


def test_slow_callers_keep_nobody_waiting(address: Address) -> None:
    with ExitStack() as stack:
        for number in range(300):
            connection = stack.enter_context(closing(connect(address)))
            connection.sendall((b"", LIVE, HEAD)[number % 3])
        began = time.monotonic()
        connection = stack.enter_context(closing(connect(address)))
        connection.sendall(LIVE + b"\r\n")
        assert status_of_answer(connection) == 200
        assert time.monotonic() - began < SECONDS / 2


def test_a_request_that_is_being_received_is_answered_by_a_stopping_service(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    with closing(connect(("127.0.0.1", service.port))) as connection:
        connection.sendall(LIVE)
        time.sleep(0.1)
        service.process.terminate()
        time.sleep(1)
        connection.sendall(b"\r\n")
        assert status_of_answer(connection) == 200
    assert service.process.wait(timeout=5) == 0
