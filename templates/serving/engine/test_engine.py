"""The engine, its slots and its queue: answers, refusals, deadlines and disconnects."""

import asyncio
import json
import logging
import time
from collections.abc import Coroutine
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from conftest import BODY, CHAT, FakeEngine, Gate, make_app, make_client, read_metric, wait_until
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from service.app import create_app
from service.chat import write_events
from service.engine import Generation
from service.settings import Settings, SettingsError

LOADING = b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'
DEADLINE = "the answer did not end before the deadline"
STREAM = CHAT | {"stream": True}


class Caller:
    """A client that leaves when it is told to; the server notices as uvicorn does."""

    def __init__(self, path: str, body: dict[str, Any]) -> None:
        self.path, self.left = path, asyncio.Event()
        self.unread = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
        self.got: list[dict[str, Any]] = []

    async def receive(self) -> Any:
        if self.unread:
            return self.unread.pop()
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.got.append(message)

    async def ask(self, app: FastAPI) -> None:
        scope: dict[str, Any] = {"type": "http", "asgi": {"spec_version": "2.3"}, "http_version": "1.1"}
        scope |= {"method": "POST", "path": self.path, "raw_path": self.path.encode(), "query_string": b""}
        scope |= {"headers": [(b"content-type", b"application/json")], "scheme": "http", "root_path": ""}
        await app(scope, self.receive, self.send)


async def ask(app: FastAPI, headers: dict[str, str] | None = None) -> httpx2.Response:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post("/predict", json=BODY, headers=headers)


def run[T](test: Coroutine[Any, Any, T]) -> T:
    """Run a test that would wait for ever if it failed."""

    async def run_for_seconds() -> T:
        async with asyncio.timeout(20):
            return await test

    return asyncio.run(run_for_seconds())


def count_queue() -> float:
    return read_metric("inference_queue_requests")


@pytest.mark.parametrize("slots", [1, 3])
def test_the_engine_works_on_no_more_requests_at_once_than_it_has_slots(
    engine: FakeEngine, slots: int
) -> None:
    async def ask_seven() -> list[int]:
        gate = Gate()
        engine.steps = [gate, *engine.steps]
        tasks = [asyncio.create_task(ask(app)) for _ in range(7)]
        await wait_until(lambda: len(engine.running) == slots and count_queue() == 7 - slots)
        assert read_metric("inference_running_requests") == slots
        gate.opened.set()
        return [answer.status_code for answer in await asyncio.gather(*tasks)]

    app = make_app(engine, engine_slots=slots)
    assert run(ask_seven()) == [200] * 7
    assert engine.most == slots
    assert engine.running == set()


@pytest.mark.parametrize("waiting", [0, 2])
def test_a_full_queue_refuses_at_once(engine: FakeEngine, waiting: int) -> None:
    async def ask_one_too_many() -> None:
        gate = Gate()
        engine.steps = [gate, *engine.steps]
        tasks = [asyncio.create_task(ask(app)) for _ in range(1 + waiting)]
        await wait_until(lambda: len(engine.running) == 1 and count_queue() == waiting)
        refused = await ask(app)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json() == {"detail": f"{waiting} requests wait for the engine: try again later"}
        gate.opened.set()
        assert {answer.status_code for answer in await asyncio.gather(*tasks)} == {200}
        assert (await ask(app)).status_code == 200

    before = read_metric("inference_rejected_total", reason="queue_full")
    app = make_app(engine, engine_slots=1, max_queue_size=waiting)
    run(ask_one_too_many())
    assert read_metric("inference_rejected_total", reason="queue_full") == before + 1


@pytest.mark.parametrize("is_queued", [False, True])
@pytest.mark.parametrize(
    ("settings", "headers", "sentence"),
    [
        ({}, {"x-request-timeout-ms": "50"}, DEADLINE),
        ({"request_timeout_seconds": 0.05}, {"x-request-timeout-ms": "60000"}, DEADLINE),
        ({"first_token_seconds": 0.05}, {}, "the first token did not come within FIRST_TOKEN_SECONDS"),
    ],
)
def test_a_request_past_its_deadline_gets_504_and_leaves_the_engine(
    engine: FakeEngine, settings: dict[str, Any], headers: dict[str, str], sentence: str, is_queued: bool
) -> None:
    async def wait_too_long() -> None:
        engine.steps = [Gate()]
        async with app.state.engine.slot() if is_queued else nullcontext():
            answer = await ask(app, headers)
        assert (answer.status_code, answer.json()) == (504, {"detail": sentence})
        await wait_until(lambda: not engine.running and count_queue() == 0)
        async with app.state.engine.slot():
            pass  # which waits for ever if no slot is free

    before = read_metric("inference_rejected_total", reason="deadline")
    app = make_app(engine, engine_slots=1, **settings)
    run(wait_too_long())
    assert len(engine.payloads) == (0 if is_queued else 1)
    assert read_metric("inference_rejected_total", reason="deadline") == before + 1


async def watch_until(app: FastAPI, is_ready: bool) -> None:
    watching = asyncio.create_task(app.state.engine.watch(app.state.readiness.fail))
    await wait_until(lambda: app.state.readiness.is_ready == is_ready)
    watching.cancel()


def test_an_engine_that_is_lost_makes_the_service_unready_until_it_is_back(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.readiness")
    client = make_client(engine, engine_url="http://host:8080")
    engine.problem = httpx2.ConnectError("connection refused")
    problem = "the engine at http://host:8080 does not answer: connection refused"
    for _ in range(2):
        answer = client.post("/predict", json=BODY)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json() == {"detail": "the engine does not answer: try again later"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (503, {"state": "loading", "reason": problem, "model": None})
    engine.problem = None
    run(watch_until(cast(FastAPI, client.app), True))
    assert client.get("/health/ready").json()["model"] == "fake"
    assert client.post("/predict", json=BODY).status_code == 200
    served = "model fake is served"
    assert [record.getMessage() for record in caplog.records] == [served, problem, served]


@pytest.mark.parametrize(
    ("problem", "status", "body", "reason"),
    [
        (None, 200, b"", None),
        (None, 503, LOADING, "the engine is not ready: Loading model"),
        (None, 404, b"no such\npage", "the engine is not ready: no such page"),
        (httpx2.ConnectError("refused"), 200, b"", "the engine at http://host:80 does not answer: refused"),
        (httpx2.ReadTimeout(""), 200, b"", "the engine at http://host:80 does not answer: ReadTimeout"),
    ],
)
def test_a_health_check_finds_why_the_engine_is_not_ready(
    engine: FakeEngine, problem: Exception | None, status: int, body: bytes, reason: str | None
) -> None:
    app = make_app(engine, engine_url="http://host")
    engine.problem, engine.status, engine.steps = problem, status, [body]
    assert run(app.state.engine.find_problem()) == reason
    run(watch_until(app, reason is None))
    assert app.state.readiness.reason == (reason or "model fake is served")


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_an_engine_that_is_not_there_at_the_start_ends_the_service(
    engine: FakeEngine, seconds: float
) -> None:
    app = make_app(engine, engine_url="http://host", engine_start_seconds=seconds)
    engine.problem = httpx2.ConnectError("refused")
    reasons: list[str] = []
    started = time.monotonic()
    run(app.state.engine.watch(reasons.append))
    assert time.monotonic() - started >= seconds
    assert reasons == ["the engine at http://host:80 does not answer: refused; see the log of the engine"]


@pytest.mark.parametrize(
    ("status", "body", "answered", "sentence"),
    [
        (400, b'{"error":{"message":"too\\nlong"}}', 400, "the engine refuses the request: too long"),
        (400, b'{"error":{"message":"\\ud800"}}', 400, "the engine refuses the request: ?"),
        (401, b'{"error":"no key"}', 502, 'the engine refuses the request: {"error":"no key"}'),
        (429, b"too many", 503, "the engine refuses the request: too many"),
        (500, b"\xff", 502, "the engine refuses the request: \ufffd"),
        (500, b"", 502, "the engine refuses the request: no reason given"),
        (503, LOADING, 503, "the engine refuses the request: Loading model"),
        (200, b'error: {"error":{"message":"out of memory"}}\n\n', 502, "the engine failed: out of memory"),
        (200, b"", 502, "the engine ended its answer too early"),
        (200, b"<html>", 502, "the engine ended its answer too early"),
        (200, b'data: {"choices":[]}\n\n', 502, "the engine ended its answer too early"),
        (200, b"data: [DONE]\n\n", 502, "the engine sent no answer"),
        (200, b"data: <html>\n\n", 502, "the engine's answer cannot be read"),
        (200, b"data: []\n\n", 502, "the engine's answer cannot be read"),
        (200, b"data: null\n\n", 502, "the engine's answer cannot be read"),
        (200, b'data: {"choices":[{}]}\n\n', 502, "the engine's answer cannot be read"),
        (200, b'data: {"choices":[{"delta":"x"}]}\n\n', 502, "the engine's answer cannot be read"),
        (200, b'data: {"choices":[],"usage":{}}\n\n', 502, "the engine's answer cannot be read"),
        (200, b'data: "usage":{\n\n', 502, "the engine's answer cannot be read"),
    ],
)
def test_errors_of_the_engine_are_one_sentence(
    engine: FakeEngine, status: int, body: bytes, answered: int, sentence: str
) -> None:
    engine.status, engine.steps = status, [body]
    answer = run(ask(make_app(engine)))
    assert answer.status_code == answered
    assert answer.json() == {"detail": sentence}
    assert answer.headers.get("retry-after") == ("1" if answered == 503 else None)
    assert engine.running == set()


@pytest.mark.parametrize("leaves", ["disconnects", "is cancelled"])
@pytest.mark.parametrize("tokens", [0, 1])
@pytest.mark.parametrize(("path", "body"), [("/predict", BODY), ("/v1/chat/completions", STREAM)])
def test_the_engine_stops_when_the_client_disconnects(
    engine: FakeEngine, leaves: str, tokens: int, path: str, body: dict[str, Any]
) -> None:
    async def leave() -> list[Any]:
        gate, steps = Gate(), engine.steps
        engine.steps = ["token"] * tokens + [gate, *steps]
        caller = Caller(path, body)
        task = asyncio.create_task(caller.ask(app))
        await gate.reached.wait()
        await wait_until(lambda: read_metric("inference_first_token_seconds_count") == first + tokens)
        assert len(engine.running) == 1
        if leaves == "disconnects":
            caller.left.set()
        else:
            task.cancel()
        await asyncio.wait([task])
        await wait_until(lambda: not engine.running)
        engine.steps = steps
        assert (await ask(app)).status_code == 200
        return [message["type"] for message in caller.got if b"DONE" in message.get("body", b"")]

    before = read_metric("inference_rejected_total", reason="disconnected")
    first = read_metric("inference_first_token_seconds_count")
    app = make_app(engine, engine_slots=1)
    assert run(leave()) == []
    assert read_metric("inference_rejected_total", reason="disconnected") == before + 1


def test_a_disconnected_request_never_reaches_the_engine(engine: FakeEngine) -> None:
    async def leave() -> None:
        caller = Caller("/predict", BODY)
        async with app.state.engine.slot():
            task = asyncio.create_task(caller.ask(app))
            await wait_until(lambda: count_queue() == 1)
            caller.left.set()
            await task
        await wait_until(lambda: count_queue() == 0)
        assert (await ask(app)).status_code == 200

    app = make_app(engine, engine_slots=1)
    run(leave())
    assert len(engine.payloads) == 1


def test_a_stream_that_is_closed_ends_at_the_engine(engine: FakeEngine) -> None:
    async def close() -> None:
        engine.steps = ["token", Gate()]
        deadline = asyncio.get_running_loop().time() + 60
        caller = Request({"type": "http"}, Caller("", {}).receive)
        generation = Generation(make_app(engine).state.engine, dict(CHAT), caller, deadline)
        await generation.begin()
        events = write_events(generation, False)
        assert "token" in await anext(events)
        assert len(engine.running) == 1
        await cast(Any, events).aclose()
        await wait_until(lambda: not engine.running)

    run(close())


def test_a_stream_that_the_stop_cancels_ends_with_an_error(engine: FakeEngine) -> None:
    async def cancel() -> list[bytes]:
        engine.steps = ["token", Gate()]
        caller = Caller("/v1/chat/completions", CHAT | {"stream": True})
        task = asyncio.create_task(caller.ask(make_app(engine)))
        await wait_until(lambda: any(b"token" in message.get("body", b"") for message in caller.got))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [message["body"] for message in caller.got if message.get("body")]

    assert b"the service is stopping" in run(cancel())[-1]
    assert not engine.running


def test_the_speed_of_an_answer_is_measured(engine: FakeEngine, client: TestClient) -> None:
    names = ["inference_first_token_seconds_count", "inference_tokens_per_second_count"]
    before = [read_metric(name) for name in names]
    client.post("/predict", json=BODY)
    assert [read_metric(name) for name in names] == [count + 1 for count in before]


def test_the_engines_key_is_sent_to_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("secret\n")
    app = create_app(Settings(engine_api_key_file=file))
    assert app.state.engine.client.headers["authorization"] == "Bearer secret"
    assert "authorization" not in create_app(Settings()).state.engine.client.headers
    with pytest.raises(SettingsError, match=r"^ENGINE_API_KEY_FILE '/nowhere' cannot be read: "):
        create_app(Settings(engine_api_key_file=Path("/nowhere")))
