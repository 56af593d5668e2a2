"""The HTTP server of a project: keep-alive, a path in front, the proxy that is trusted, what it logs."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from answers import DEFAULTS
from generated.conftest import render_or_skip, serving
from project import Project, ask

SETTINGS = {"KEEP_ALIVE_SECONDS": "1", "ROOT_PATH": "/ml", "FORWARDED_ALLOW_IPS": "127.0.0.1"}
OFFER = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAEAAEAAAAIAAAAB"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with serving(render_or_skip(DEFAULTS, tmp_path_factory.mktemp("settings")), **SETTINGS) as service:
        yield service


def get(service: Project, path: str, **headers: str) -> str:
    """Return the body of an answer, whose status must be 200."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()


def test_an_idle_connection_is_closed_after_the_time_that_is_set(service: Project) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as connection:
        for _ in range(2):
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        assert connection.sock.recv(1) == b""


def test_behind_a_proxy_the_documentation_names_addresses_that_browsers_reach(service: Project) -> None:
    page = get(service, "/docs", host="example.com", **{"x-forwarded-proto": "https"})
    assert "https://example.com/ml/swagger/swagger-ui-bundle.js" in page
    assert "/ml/openapi.json" in page
    assert '"servers":[{"url":"/ml"}]' in get(service, "/openapi.json")


def test_an_offer_of_http_2_is_declined(service: Project) -> None:
    assert "ready" in get(service, "/health/ready", **OFFER, **{"content-length": "0"})


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_an_unexpected_error_is_one_event_in_the_log(project: Path, tmp_path: Path) -> None:
    routes = project / "src" / "service" / "routes.py"
    text = routes.read_text(encoding="utf-8")
    routes.write_text(text.replace("return predictor.to_response", "raise RuntimeError from None  #"))
    with pytest.raises(AssertionError, match="Traceback"), serving(project, LOG_FORMAT="json") as service:
        status, answer = ask(f"http://127.0.0.1:{service.port}/predict", service.example().encode())
    log = [json.loads(line) for line in (tmp_path / "service.log").read_text(encoding="utf-8").splitlines()]
    [error] = [event for event in log if event["level"] == "ERROR"]
    assert error["message"].strip() == "Exception in ASGI application"
    assert error["exc_info"].endswith("RuntimeError")
    assert status == 500
    assert answer == {"detail": f"the service failed: see its log for request id {error['request_id']}"}
