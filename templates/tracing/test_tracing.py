"""A traced service and a collector, both real: what arrives, and what does not."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import PROJECT, Service, free_port, wait_until
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

BODY = (PROJECT / "examples" / "predict.json").read_bytes()
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(ThreadingHTTPServer):
    """Takes spans as OTLP over HTTP sends them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def resources(self) -> list[dict[str, Any]]:
        found = [each.resource for request in self.requests for each in request.resource_spans]
        return [{each.key: each.value.string_value for each in resource.attributes} for resource in found]

    def spans(self) -> list[Span]:
        resources = [each for request in self.requests for each in request.resource_spans]
        return [span for each in resources for scope in each.scope_spans for span in scope.spans]


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        yield collector
        collector.shutdown()


@contextmanager
def traced(volume: Path, **settings: str) -> Iterator[Service]:
    """Run the service as its image does."""
    port, log = free_port(), volume.with_name("service.log")
    ours = {"HOST": "127.0.0.1", "PORT": str(port), "MODEL_REPOSITORY": str(volume), "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "service.traced"]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, env=os.environ | ours | settings, stderr=stderr)
    service = Service(process, port, log)
    try:
        wait_until(service.is_ready)
        yield service
    finally:
        process.kill()
        process.wait()


def stop(service: Service) -> float:
    """Stop a service as an orchestrator does; return how many seconds that took."""
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=10) == 0
    return time.monotonic() - began


@pytest.fixture(scope="module")
def run(served: Path) -> tuple[Collector, str]:
    """A service that answered a request of a trace and one that is no good, and was stopped; and its log."""
    with collecting() as collector, traced(served, **{ENDPOINT: collector.endpoint}) as service:
        headers = {"content-type": "application/json", "traceparent": f"00-{TRACE}-{CALLER}-01"}
        url = f"http://127.0.0.1:{service.port}/predict"
        assert httpx2.post(url, content=BODY, headers=headers).status_code == 200
        assert httpx2.post(url, content=b"{}").status_code == 422
        model = service.get("/health").json()["model"]["name"]
        protocol = url.replace("predict", f"v2/models/{model}/infer")
        assert httpx2.post(protocol, content=b"{}").status_code == 400
        stop(service)
        return collector, service.log.read_text(encoding="utf-8")


def find_span(collector: Collector, name: str) -> Span:
    (span,) = [each for each in collector.spans() if each.name == name and each.trace_id.hex() == TRACE]
    return span


def test_a_request_continues_the_trace_of_its_caller(run: tuple[Collector, str]) -> None:
    span = find_span(run[0], "POST /predict")
    assert span.parent_span_id.hex() == CALLER
    assert span.kind == Span.SPAN_KIND_SERVER
    assert span.status.code == Status.STATUS_CODE_UNSET


def test_the_inference_is_a_span_of_the_request(run: tuple[Collector, str]) -> None:
    spans = {span.span_id: span for span in run[0].spans()}
    request, above = find_span(run[0], "POST /predict"), find_span(run[0], "infer")
    while above.parent_span_id in spans:
        above = spans[above.parent_span_id]
    assert above == request


def test_a_request_without_a_trace_begins_one(run: tuple[Collector, str]) -> None:
    requests = [span for span in run[0].spans() if span.name == "POST /predict"]
    assert [span.parent_span_id == b"" for span in requests] == [False, True]


def test_a_request_that_would_take_the_shortcut_is_named_after_its_route(run: tuple[Collector, str]) -> None:
    assert "POST /v2/models/{name}/infer" in {span.name for span in run[0].spans()}


def test_probes_are_not_traced(run: tuple[Collector, str]) -> None:
    assert not any("health" in span.name for span in run[0].spans())


def test_the_service_is_named_as_in_pyproject(run: tuple[Collector, str]) -> None:
    about = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f'name = "{each["service.name"]}"' in about for each in run[0].resources())


def test_each_line_of_a_request_has_the_id_of_its_trace(run: tuple[Collector, str]) -> None:
    lines = [json.loads(line) for line in run[1].splitlines()]
    (line,) = [line for line in lines if line.get("status") == 200]
    assert line["trace_id"] == TRACE
    assert "request_id" in line


def test_the_environment_can_name_the_service(volume: Path) -> None:
    with collecting() as collector:
        settings = {ENDPOINT: collector.endpoint, "OTEL_SERVICE_NAME": "reader"}
        with traced(volume, **settings) as service:
            service.get("/")
            stop(service)
    assert {each["service.name"] for each in collector.resources()} == {"reader"}


def test_a_collector_that_does_not_answer_does_not_keep_the_service(volume: Path) -> None:
    with traced(volume, **{ENDPOINT: f"http://127.0.0.1:{free_port()}"}) as service:
        service.get("/")
        assert stop(service) < 3


@pytest.mark.parametrize(("endpoint", "imported"), [("", False), ("http://127.0.0.1:9", True)])
def test_the_sdk_is_imported_only_when_something_is_traced(endpoint: str, imported: bool) -> None:
    script = (
        "import sys; from service import app, traced\n"
        "traced.serve = lambda: sys.exit('imported' if 'opentelemetry.sdk.trace' in sys.modules else 0)\n"
        "traced.serve_traced()"
    )
    environment = os.environ | {ENDPOINT: endpoint}
    result = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert result.returncode == imported
