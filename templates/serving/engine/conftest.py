"""Shared by the tests: an application with a fake engine, so that no test depends on your model."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from service.app import create_app
from service.assistant import EXAMPLE, PredictResponse
from service.settings import Settings

BODY = EXAMPLE.model_dump(mode="json")
# What the engine answers by default: the examples of your response's fields.
FIELDS = PredictResponse.model_fields.items()
ANSWER = json.dumps({name: field.examples[0] for name, field in FIELDS if field.examples})
CHAT = {"model": "fake", "messages": [{"role": "user", "content": "Hello"}]}
USAGE = {"completion_tokens": 2, "prompt_tokens": 10, "total_tokens": 12}

CHUNK = {"id": "chatcmpl-x", "created": 1, "model": "fake", "object": "chat.completion.chunk"}
# The last event of a stream that llama.cpp's server cannot continue.
ERROR = b'error: {"error":{"code":500,"message":"out of memory","type":"server_error"}}\n\n'


class Gate:
    """A step at which the engine waits until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()


class FakeEngine:
    """An engine that answers as llama.cpp's server does, step by step; it keeps the requests.

    A step is a token, bytes that end an answer, an exception, or a gate.
    """

    def __init__(self) -> None:
        self.problem: Exception | None = None  # why nobody can connect
        self.status = 200
        self.steps: list[str | bytes | Exception | Gate] = [ANSWER[:5], ANSWER[5:]]
        self.seconds = 0.0  # before the first step
        self.payloads: list[dict[str, Any]] = []
        self.running: set[FakeAnswer] = set()
        self.most = 0  # that ran at once

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.problem:
            raise self.problem
        if request.method == "GET":
            body = b"".join(step for step in self.steps if isinstance(step, bytes))
            return httpx2.Response(self.status, content=body)
        payload = json.loads(request.content)
        assert payload["stream"]
        self.payloads.append(payload)
        answer = FakeAnswer(self, payload["stream_options"]["include_usage"])
        self.running.add(answer)
        self.most = max(self.most, len(self.running))
        return httpx2.Response(self.status, stream=answer)


class FakeAnswer(httpx2.AsyncByteStream):
    """One answer, which runs until it is closed."""

    def __init__(self, engine: FakeEngine, shows_usage: bool) -> None:
        self.engine, self.shows_usage = engine, shows_usage

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.sleep(self.engine.seconds)
        for step in self.engine.steps:
            if isinstance(step, Gate):
                step.reached.set()
                await step.opened.wait()
            elif isinstance(step, Exception):
                raise step
            elif isinstance(step, bytes):
                yield step
                return
            else:
                yield make_event([{"finish_reason": None, "index": 0, "delta": {"content": step}}])
        yield make_event([{"finish_reason": "stop", "index": 0, "delta": {}}])
        if self.shows_usage:
            yield make_event([], usage=USAGE)
        yield b"data: [DONE]\n\n"

    async def aclose(self) -> None:
        self.engine.running.discard(self)


def make_event(choices: list[dict[str, Any]], **members: Any) -> bytes:
    event = {"choices": choices} | CHUNK | members
    return f"data: {json.dumps(event, separators=(',', ':'))}\n\n".encode()


def make_app(engine: FakeEngine, **settings: Any) -> FastAPI:
    """Return an application that uses the fake engine, and has found it ready."""
    app = create_app(Settings(**{"model_name": "fake"} | settings))
    transport = httpx2.MockTransport(engine)
    app.state.engine.client = httpx2.AsyncClient(transport=transport, base_url="http://engine")
    app.state.readiness.set_engine("fake", None)
    return app


def make_client(engine: FakeEngine | None = None, **settings: Any) -> TestClient:
    return TestClient(make_app(engine or FakeEngine(), **settings), raise_server_exceptions=False)


def read_metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def app(engine: FakeEngine) -> FastAPI:
    return make_app(engine)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)
