import asyncio
import json
import logging

import pytest
from conftest import Service, Start, wait_until
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.app import create_app
from service.middleware.observing import Observe
from service.serving.readiness import Readiness
from service.settings import Settings
from service.telemetry.logs import CONTEXT
from service.telemetry.metrics import Metrics


def lines_with(text: str, service: Service) -> list[str]:
    """Return the lines of a log that hold a text, once there are any: they are written after the answer."""
    found: list[str] = []

    def find() -> bool:
        found[:] = [line for line in service.log.read_text(encoding="utf-8").splitlines() if text in line]
        return bool(found)

    wait_until(find)
    return found


@pytest.mark.parametrize("given", ["abc-123", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
def test_a_caller_gets_back_the_id_that_it_gave(client: TestClient, given: str) -> None:
    assert client.get("/health/live", headers={"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "two words", "a" * 129, 'quo"te', "é"])
def test_an_id_that_is_not_fit_to_be_repeated_is_replaced(client: TestClient, given: str) -> None:
    headers = {b"x-request-id": given.encode()}
    assert len(client.get("/health/live", headers=headers).headers["x-request-id"]) == 16


def test_each_request_without_an_id_gets_another(client: TestClient) -> None:
    ids = {client.get("/health/live").headers["x-request-id"] for _ in range(10)}
    assert len(ids) == 10


def test_what_is_refused_has_an_id_too(client: TestClient) -> None:
    assert "x-request-id" in client.get("/nowhere").headers


def test_what_fails_outside_of_the_framework_is_answered_in_the_same_form() -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("secret")

    client = TestClient(Observe(fail, Metrics(), Readiness()), raise_server_exceptions=False)
    response = client.get("/any", headers={"x-request-id": "abc"})
    sentence = "the service failed; its log says why, at request id abc"
    assert (response.status_code, response.json()) == (500, {"detail": sentence})
    assert response.headers["x-request-id"] == "abc"


def test_an_unexpected_error_is_answered_with_the_id_under_which_it_is_logged(settings: Settings) -> None:
    app: FastAPI = create_app(settings, Readiness())

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret")

    with TestClient(app, raise_server_exceptions=False) as client:
        response = client.get("/broken", headers={"x-request-id": "abc"})
        assert response.status_code == 500
        assert response.json() == {"detail": "the service failed; its log says why, at request id abc"}
        assert response.headers["x-request-id"] == "abc"
        assert 'route="/broken",status="500"} 1.0' in client.get("/metrics").text


def test_what_is_answered_in_one_turn_of_the_event_loop_is_told_of_by_its_own_id(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[tuple[str, str]] = []

    def note(record: logging.LogRecord) -> None:
        told.append((CONTEXT.get()["request_id"], record.getMessage().split()[1]))

    async def send(message: Message) -> None:
        assert message["type"].startswith("http.response")

    async def ask() -> None:
        observe = Observe(Response("hello"), Metrics(), Readiness())
        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                headers = [(b"x-request-id", name.encode())]
                scope = {"type": "http", "method": "GET", "path": f"/{name}", "headers": headers}
                group.create_task(observe(scope, lambda: None, send))  # type: ignore[arg-type,return-value]
        await asyncio.sleep(0)

    caplog.set_level(logging.INFO, "service.access")
    monkeypatch.setattr(logging.getLogger("service.access"), "handle", note)
    asyncio.run(ask())
    assert told == [("a", "/a"), ("b", "/b"), ("c", "/c")]


def test_callers_are_told_to_close_their_connections_only_while_draining(settings: Settings) -> None:
    readiness = Readiness()
    with TestClient(create_app(settings, readiness)) as client:
        assert "connection" not in client.get("/health/live").headers
        readiness.drain()
        assert client.get("/health/live").headers["connection"] == "close"
        assert client.get("/health/ready").status_code == 503


def test_each_request_has_one_line_without_its_query(start: Start) -> None:
    service = start(LOG_FORMAT="json")
    wait_until(service.is_ready)
    service.get("/nowhere/%0Aforged%1B?key=secret")
    (text,) = lines_with("service.access", service)
    line = json.loads(text)
    assert line.items() >= {"method": "GET", "path": "/nowhere/\nforged\x1b", "status": 404}.items()
    assert line["message"] == f"GET /nowhere/\nforged\x1b 404 {line['milliseconds']} ms"
    assert len(line["request_id"]) == 16
    assert "secret" not in text


def test_a_path_cannot_forge_a_line_for_people_either(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    service.get("/nowhere%0Aforged")
    (line,) = lines_with("nowhere", service)
    assert "/nowhere\\u000aforged 404" in line


def test_health_and_metrics_have_their_lines_at_debug(start: Start) -> None:
    service = start(LOG_LEVEL="debug")
    wait_until(service.is_ready)
    assert lines_with("DEBUG service.access: GET /health/ready 200", service)


def test_the_lines_of_the_server_have_the_same_form(start: Start) -> None:
    service = start(LOG_FORMAT="json")
    (line,) = lines_with("Application startup complete", service)
    assert json.loads(line)["logger"] == "uvicorn.error"
