"""Callers that misbehave, over real connections."""

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from conftest import PROJECT, Start, wait_until

from service.connections import connection as connection_module
from service.connections import joined_writes
from service.connections.connection import MAX_HEAD_BYTES, MAX_PIPELINED
from service.connections.listening import listen
from service.server import Server
from service.settings import Settings
from service.volume import model_repository

SECONDS = 0.5
HEAD = b"POST /predict HTTP/1.1\r\nhost: service\r\ncontent-length: 1000\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nhost: service\r\n"


Address = tuple[str, int]


@contextmanager
def serving(volume: Path, receive_timeout: float) -> Iterator[tuple[Server, Address]]:
    """Run a server in a thread of its own; give it and its address."""
    settings = Settings(host="127.0.0.1", model_repository=volume, receive_timeout_seconds=receive_timeout)
    server, listener = Server(settings), listen("127.0.0.1", 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # so that what is not read is felt soon
    address = listener.getsockname()
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    wait_until(lambda: server.readiness.status.ready)
    try:
        yield server, address
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address(served: Path) -> Iterator[Address]:
    with serving(served, SECONDS) as (_, address):
        yield address


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
        (b"POST /v2/models/NAME/infer HTTP/1.1\r\nhost: ", 408, "error"),
        (HEAD, 408, "detail"),
        (HEAD.replace(b"/predict", b"/v2/models/NAME/infer"), 408, "error"),
        (HEAD.replace(b"content-length: 1000", b"transfer-encoding: chunked"), 408, "detail"),
    ],
    ids=["nothing", "an empty line", "head", "head for v2", "body", "body for v2", "chunked body"],
)
def test_who_does_not_send_a_whole_request_in_time_is_cut_off(
    address: Address, settings: Settings, sent: bytes, status: int, key: str
) -> None:
    name = model_repository.find(settings).name.encode()
    with closing(connect(address)) as connection:
        began = time.monotonic()
        connection.sendall(sent.replace(b"NAME", name))
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


@pytest.mark.parametrize("path", ["/predict", "/v2/models/NAME/infer"])
def test_the_time_that_a_body_takes_is_part_of_what_a_request_may_take(
    address: Address, settings: Settings, path: str
) -> None:
    name = model_repository.find(settings).name
    body = (PROJECT / "examples" / f"{path.rpartition('/')[2]}.json").read_bytes()
    lines = f"POST {path.replace('NAME', name)} HTTP/1.1", "host: service", "content-type: application/json"
    head = "\r\n".join([*lines, f"content-length: {len(body)}", "x-request-timeout-ms: TIME\r\n\r\n"])
    for milliseconds, status in (("100", 504), ("5000", 200)):
        with closing(connect(address)) as connection:
            connection.sendall(head.replace("TIME", milliseconds).encode())
            time.sleep(0.2)
            connection.sendall(body)
            assert status_of_answer(connection) == status


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


@pytest.mark.parametrize("early", [False, True], ids=["the answer last", "the body last"])
def test_who_does_not_ask_again_is_let_go_after_a_while(
    address: Address, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    monkeypatch.setattr(connection_module, "KEEP_ALIVE_SECONDS", SECONDS * 2)
    with closing(connect(address)) as connection:
        connection.sendall(LIVE + b"content-length: 1\r\n\r\n")
        if early:
            assert status_of_answer(connection) == 200
        began = time.monotonic()
        connection.sendall(b"x")
        if not early:
            assert status_of_answer(connection) == 200
        assert connection.recv(65536) == b""
        assert SECONDS * 1.9 < time.monotonic() - began < SECONDS * 2 + 1


def test_who_does_not_ask_again_is_let_go_although_a_request_may_take_longer(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "KEEP_ALIVE_SECONDS", SECONDS)
    with serving(volume, receive_timeout=5) as (_, address), closing(connect(address)) as connection:
        connection.sendall(LIVE + b"\r\n")
        assert status_of_answer(connection) == 200
        began = time.monotonic()
        assert connection.recv(65536) == b""
        assert time.monotonic() - began < 3


def test_who_says_no_more_and_reads_nothing_is_cut_off(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined_writes, "UNREAD_SECONDS", SECONDS)
    with serving(volume, receive_timeout=5) as (server, address), closing(connect(address)) as connection:
        wait_until(lambda: bool(server.server_state.connections))
        [held] = server.server_state.connections
        while not held.transport.get_write_buffer_size():
            connection.sendall(LIVE.replace(b"/health/live", b"/openapi.json") + b"\r\n")
            time.sleep(0.01)
        connection.shutdown(socket.SHUT_WR)
        wait_until(lambda: not server.server_state.connections)


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


@pytest.mark.parametrize("announced", [b"content-length: 5", b"transfer-encoding: chunked"])
def test_a_body_that_could_be_taken_for_another_request_is_refused(
    address: Address, announced: bytes
) -> None:
    upgrade = b"connection: upgrade\r\nupgrade: h2c\r\n"
    head = HEAD.replace(b"content-length: 1000\r\n", upgrade + announced + b"\r\n")
    with closing(connect(address)) as connection:
        connection.sendall(head + LIVE + b"\r\n")
        sentence = "a body cannot come with an upgrade of the protocol: send it over HTTP/1.1"
        assert read_answer(connection) == (501, {"detail": sentence})


def test_another_protocol_is_left_out_of_a_request_without_a_body(address: Address) -> None:
    with closing(connect(address)) as connection:
        connection.sendall(LIVE + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n")
        assert status_of_answer(connection) == 200


def test_what_is_refused_is_counted_and_logged(start: Start) -> None:
    service = start(RECEIVE_TIMEOUT_SECONDS=SECONDS)
    wait_until(service.is_ready)
    for sent in (b"no request\r\n\r\n", LIVE, next(heads(MAX_HEAD_BYTES + 1000))):
        with closing(connect(("127.0.0.1", service.port))) as connection:
            connection.sendall(sent)
            read_answer(connection)
    counted = re.findall(r'^http_refused_requests_total.*"(\d+)"} 1.0$', service.get("/metrics").text, re.M)
    assert counted == ["400", "408", "431"]
    log = service.log.read_text(encoding="utf-8")
    for status, reason in ((400, "this cannot be read"), (408, "the request was not"), (431, "the head of")):
        assert f"INFO service.access: refused with {status}: {reason}" in log
    assert "uvicorn.error: Invalid" not in log


def test_a_long_body_in_the_same_chunk_as_the_next_request_is_not_taken_for_a_head(address: Address) -> None:
    body = b" " * (MAX_HEAD_BYTES * 4)
    with closing(connect(address)) as connection:
        connection.sendall(HEAD.replace(b"1000", b"%d" % len(body)) + body + LIVE)
        time.sleep(SECONDS / 2)
        connection.sendall(b"\r\n")
        answers = read_until(connection, b'{"live":true}')
        assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"422", b"200"]


def read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end) and (chunk := connection.recv(65536)):
        received += chunk
    return received


@pytest.mark.parametrize("piece", [1, 1000])
def test_a_body_in_small_chunks_is_read(address: Address, piece: int) -> None:
    head = HEAD.replace(b"content-length: 1000", b"transfer-encoding: chunked")
    with closing(connect(address)) as connection:
        connection.sendall(head + b"%x\r\n%s\r\n" % (piece, b" " * piece) * 20_000 + b"0\r\n\r\n")
        assert status_of_answer(connection) == (422 if piece == 1 else 413)


def test_headers_that_follow_a_body_without_an_end_are_refused(address: Address) -> None:
    head = HEAD.replace(b"content-length: 1000", b"transfer-encoding: chunked")
    with closing(connect(address)) as connection:
        began = time.monotonic()
        connection.sendall(head + b"0\r\n")
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # noqa: PT012 - whichever notices first
            while time.monotonic() < began + SECONDS:
                connection.sendall(b"x: " + b"y" * 1000 + b"\r\n")
        assert time.monotonic() < began + SECONDS


def test_requests_that_do_not_wait_for_answers_are_answered_in_order_up_to_a_number(address: Address) -> None:
    request = LIVE + b"\r\n"
    with closing(connect(address)) as connection:
        connection.sendall(request * MAX_PIPELINED + LIVE + b"connection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert received.count(b"HTTP/1.1 200") == received.count(b'{"live":true}') == MAX_PIPELINED + 1
    with closing(connect(address)) as connection:
        connection.sendall(request * MAX_PIPELINED * 10)
        with suppress(ConnectionResetError):
            received = b"".join(iter(lambda: connection.recv(65536), b""))
            assert received.count(b"HTTP/1.1") < MAX_PIPELINED


def test_who_does_not_read_answers_is_cut_off(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "UNREAD_SECONDS", SECONDS)
    request = b"GET /openapi.json HTTP/1.1\r\nhost: service\r\n\r\n"
    with closing(connect(address)) as connection:
        connection.sendall(request * MAX_PIPELINED)
        time.sleep(SECONDS * 3)
        received = read_until(connection, b"never")
    assert 0 < received.count(b"HTTP/1.1 200") < MAX_PIPELINED


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
