"""`deployment=public`: slow, flooding and malformed clients end at Caddy, and all others are answered."""

import re
import resource
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import openai
import pytest
from answers import DEFAULTS
from bench_chat import fetch_model
from container.conftest import PYTHON, Build, copy_project, resident_megabytes
from container.test_language_model import LANGUAGE_MODEL, STORY, count_running
from project import Project, free_port, run, wait_until

ANSWERS = DEFAULTS | {"deployment": "public", "api": "open-inference"}
# What Caddy makes a certificate with, for `localhost`, is trusted by nobody.
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE


class Client:
    """A connection to Caddy that may send and close what no HTTP library would."""

    def __init__(self, address: str) -> None:
        # Not by the published port, where a program of Docker's passes on some 3,000 connections at most.
        self.socket = socket.create_connection((address, 443), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = UNVERIFIED.wrap_bio(self.received, self.to_send, server_hostname="localhost")
        self.exchange(self.tls.do_handshake)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def exchange(self, step: Callable, *arguments: object) -> object:
        """Take a step of TLS, with as much of sending and receiving as it needs."""
        while True:
            try:
                result = step(*arguments)
                break
            except ssl.SSLWantReadError:
                self.flush()
                data = self.socket.recv(65536)
                if not data:
                    return b""
                self.received.write(data)
        self.flush()
        return result

    def flush(self) -> None:
        if self.to_send.pending:
            self.socket.sendall(self.to_send.read())

    def send(self, data: bytes) -> None:
        self.exchange(self.tls.write, data)

    def receive(self) -> bytes:
        """Return what comes next; nothing at the end of the connection."""
        return self.exchange(self.tls.read, 65536)

    def status(self) -> int:
        """Return the status of the response; 0 if there is none."""
        found = re.match(rb"HTTP/1.1 (\d+) ", self.receive())
        return int(found[1]) if found else 0

    def predicts(self) -> bool:
        """Whether the response, to its end, is that to the example request."""
        response = b"".join(iter(self.receive, b""))
        return response.startswith(b"HTTP/1.1 200 ") and b'"digit":7' in response


@pytest.fixture(scope="module")
def project(build: Build) -> Iterator[Project]:
    project = build(ANSWERS)
    ports = {"HTTP_PORT": free_port(), "HTTPS_PORT": free_port()}
    with project.started("--wait", MAX_BODY_BYTES=1_000_000, **ports):
        project.port = ports["HTTPS_PORT"]
        yield project


@pytest.fixture(scope="module")
def caddy(project: Project) -> str:
    return project.address("caddy")


def head(project: Project) -> bytes:
    """Return the start line and the first headers of the example request."""
    start = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return start + b"connection: close\r\ncontent-length: %d\r\n" % len(project.example())


def predicts(project: Project) -> bool:
    """Whether the service answers the example request to an ordinary client."""
    url = f"https://localhost:{project.port}/predict"
    request = urllib.request.Request(url, project.example().encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30, context=UNVERIFIED) as response:  # noqa: S310
        return response.status == 200


def test_the_service_is_reached_through_caddy_alone_and_by_tls(project: Project) -> None:
    assert predicts(project)
    assert project.inspect("{{.HostConfig.PortBindings}}") == "map[]"
    http = project.compose("port", "caddy", "80").strip().rpartition(":")[2]
    with socket.create_connection(("127.0.0.1", int(http))) as plain:
        plain.sendall(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n")
        answer = plain.recv(65536)
    assert answer.startswith(b"HTTP/1.1 308 ")
    assert b"\r\nLocation: https://localhost/health/ready\r\n" in answer


def test_make_ask_asks_through_caddy(project: Project) -> None:
    said = run(["make", "ask"], project.path, HTTPS_PORT=str(project.port))
    assert '"digit":7' in said


def test_the_documentation_loads_its_scripts_by_tls(project: Project) -> None:
    with urllib.request.urlopen(f"https://localhost:{project.port}/docs", context=UNVERIFIED) as answer:
        page = answer.read().decode()
    assert f'<script src="https://localhost:{project.port}/swagger/swagger-ui-bundle.js">' in page


def test_metrics_are_not_public(project: Project) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"https://localhost:{project.port}/metrics", context=UNVERIFIED)


def test_javas_offer_of_another_protocol_is_ignored(project: Project, caddy: str) -> None:
    offer = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAA\r\n"
    with Client(caddy) as client:
        client.send(head(project) + offer + b"\r\n" + project.example().encode())
        assert client.predicts()
    with Client(caddy) as client:
        client.send(
            b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n" + offer + b"\r\n"
        )
        assert client.status() == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"content-length: " + b"0" * 4400, 422),
        (b"content-length: 1, 2", 400),
        (b"x-large: " + b"x" * 40_000, 431),
        (b"transfer-encoding: gzip", 501),
        (b"no header", 400),
    ],
    ids=["zeros", "two lengths", "large header", "unknown coding", "no header"],
)
def test_a_malformed_request_is_refused(project: Project, caddy: str, headers: bytes, status: int) -> None:
    with Client(caddy) as client:
        client.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\n" + headers + b"\r\n\r\n")
        assert client.status() == status


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"content-length: 1000001", b" " * 1_000_001),
        (b"transfer-encoding: chunked", b"F4241\r\n" + b" " * 1_000_001 + b"\r\n0\r\n\r\n"),
    ],
    ids=["with a length", "without one"],
)
def test_a_body_is_limited(project: Project, caddy: str, header: bytes, body: bytes) -> None:
    request = b"POST /predict HTTP/1.1\r\nhost: localhost\r\n" + header + b"\r\n\r\n" + body
    for _ in range(20):  # when Caddy and the service both cut a body, one client in ten gets 502
        with Client(caddy) as client:
            client.send(request)
            assert client.status() == 413


def send_slowly(client: Client) -> None:
    """Send a byte of a header every half second, for a minute."""
    client.send(b"GET /health/ready HTTP/1.1\r\nx-slow: ")
    for _ in range(120):
        client.send(b"x")
        time.sleep(0.5)


def test_a_client_that_sends_its_headers_slowly_is_closed(project: Project, caddy: str) -> None:
    with Client(caddy) as client, pytest.raises(OSError, match=r"reset|pipe"):
        send_slowly(client)


@pytest.mark.stress
def test_a_client_that_never_ends_its_body_is_closed(project: Project, caddy: str) -> None:
    began = time.monotonic()
    with Client(caddy) as client:
        client.send(head(project) + b"\r\n{")
        assert not client.predicts()
    assert 25 < time.monotonic() - began < 40


def test_clients_that_never_read_and_clients_that_never_ask_again_stop_nobody(
    project: Project, caddy: str
) -> None:
    """Five thousand connections, each either idle or with a large answer that nobody reads."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 16384), most))
    restarts = "{{.RestartCount}} {{.State.OOMKilled}} {{.State.Status}}"
    identifier = b'{"id":"' + b"x" * 900_000 + b'","inputs":['
    example = (project.path / "examples" / "infer.json").read_bytes()
    body = identifier + example.partition(b'"inputs": [')[2]
    infer = b"POST /v2/models/digits/infer HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    ask = infer + b"content-length: %d\r\n\r\n" % len(body) + body
    with ExitStack() as stack:
        for _ in range(4000):
            client = stack.enter_context(Client(caddy))
            client.send(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert client.status() == 200
        assert predicts(project)
        for _ in range(971):
            stack.enter_context(Client(caddy)).send(ask)
        assert predicts(project)
        project.compose("exec", "service", PYTHON, "/app/src/service/healthcheck.py")
        for service in ("service", "caddy"):
            assert project.inspect(restarts, service) == "0 false running"
    assert resident_megabytes(project) < 300
    assert predicts(project)


def test_a_stream_passes_caddy_as_it_is_written_and_ends_when_the_client_leaves(
    build: Build, tmp_path: Path
) -> None:
    """A model that takes its time for a story, and a client that has heard enough after some words."""
    project = copy_project(build(LANGUAGE_MODEL | {"deployment": "public"}), tmp_path, "public-story")
    fetch_model(project.path)
    ports = {"HTTP_PORT": free_port(), "HTTPS_PORT": free_port()}
    story = [{"role": "user", "content": STORY}]
    with (
        project.started("--wait", MODEL_FILE="capitals/1/story.gguf", ENGINE_CONTEXT=2048, **ports),
        httpx2.Client(verify=False) as http,
        openai.OpenAI(
            base_url=f"https://localhost:{ports['HTTPS_PORT']}/v1", api_key="none", http_client=http
        ) as client,
    ):
        stream = client.chat.completions.create(model="capitals", messages=story, max_tokens=500, stream=True)
        assert [next(stream).choices[0].delta for _ in range(5)]
        assert count_running(project) == 1
        stream.close()
        wait_until(lambda: count_running(project) == 0)
