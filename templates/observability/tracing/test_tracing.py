"""A traced service and a collector, both real."""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from conftest import BODY
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from process import FAKE_SERVICE, running

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(BaseHTTPRequestHandler):
    received: list[ResourceSpans]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received += ExportTraceServiceRequest.FromString(body).resource_spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[str]:
    Collector.received = []
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def predict(port: int) -> None:
    headers = {"content-type": "application/json", "traceparent": f"00-{TRACE}-{CALLER}-01"}
    url = f"http://127.0.0.1:{port}/predict"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(BODY).encode(), headers)).close()


def test_requests_are_traced_and_probes_are_not(collector: str, capfd: pytest.CaptureFixture[str]) -> None:
    settings = {ENDPOINT: collector, "OTEL_SERVICE_NAME": "digits", "LOG_FORMAT": "json"}
    with running(FAKE_SERVICE, **settings) as service:
        predict(service.port)
        assert service.stop() == 0
    scopes = [scope for resource in Collector.received for scope in resource.scope_spans]
    spans = {span.name: span for scope in scopes for span in scope.spans}
    assert spans["POST /predict"].trace_id.hex() == TRACE
    assert spans["POST /predict"].parent_span_id.hex() == CALLER
    assert spans["fastapi.endpoint"].parent_span_id == spans["POST /predict"].span_id
    assert not any("health" in name for name in spans)
    attributes = {each.key: each.value.string_value for each in Collector.received[0].resource.attributes}
    assert attributes["service.name"] == "digits"
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["trace_id"] for line in lines if "/predict" in line["message"]] == [TRACE]


def test_a_collector_that_does_not_answer_does_not_delay_the_exit() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with silent, running(FAKE_SERVICE, **{ENDPOINT: url}) as service:
        predict(service.port)
        started = time.monotonic()
        assert service.stop() == 0
    assert time.monotonic() - started < 9


def test_the_sdk_is_not_imported_while_nothing_is_traced() -> None:
    script = "import service.app, sys; service.app.create_app(); print('opentelemetry.sdk' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"
