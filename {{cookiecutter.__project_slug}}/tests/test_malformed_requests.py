"""No request breaks the service: each is answered, or refused in one sentence, whatever it holds."""

import asyncio
import http.client
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from conftest import Start, wait_until
from fastapi.testclient import TestClient
from malformed import LENGTH, Body, malformed_requests, one_of_each

from service import predictor
from service.app import create_app
from service.serving.readiness import Readiness
from service.settings import Settings
from service.tensors import Arrays, Tensor, datatype_of

INPUTS = predictor.to_inputs(predictor.EXAMPLE)


class Echo:
    """A model that takes one of each datatype and gives it back."""

    def __init__(self) -> None:
        arrays = one_of_each().items()
        self.inputs = [Tensor(name, datatype_of(array.dtype), [-1, 2]) for name, array in arrays]
        self.outputs = self.inputs

    def infer(self, inputs: Arrays) -> Arrays:
        return dict(inputs)


@contextmanager
def serve(settings: Settings) -> Iterator[TestClient]:
    readiness = Readiness()
    with TestClient(create_app(settings, readiness)) as client:
        wait_until(lambda: readiness.status.ready)
        yield client


def ask_all(client: TestClient, bodies: Iterable[Body]) -> Counter[int]:
    """Send requests straight to the application, in its own event loop; count the answers by status."""
    model = client.get("/health").json()["model"]["name"]
    assert client.portal is not None
    return client.portal.call(ask_in_turn, client.app, client.app_state, f"/v2/models/{model}/infer", bodies)


async def ask_in_turn(app: Any, state: dict[str, Any], path: str, bodies: Iterable[Body]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    for body in bodies:
        status, content = await ask(app, state, path, body)
        check(status, content, body)
        statuses[status] += 1
    return statuses


async def ask(app: Any, state: dict[str, Any], path: str, body: Body) -> tuple[int, bytes]:
    """Send one request as a server does, and return the answer; what the application raises is raised."""
    headers = [(b"content-length", str(len(body.content)).encode())]
    if body.header_length is not None:
        headers.append((LENGTH.encode(), body.header_length.encode("latin-1")))
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "state": state.copy(),
    }
    requests = iter([{"type": "http.request", "body": body.content}])
    responses: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        for message in requests:
            return message
        await asyncio.Event().wait()  # the caller waits for the answer
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        responses.append(message)

    await app(scope, receive, send)
    return responses[0]["status"], b"".join(message.get("body", b"") for message in responses)


def check(status: int, content: bytes, body: Body) -> None:
    """Check that a request was answered, or refused in one short sentence."""
    assert status in {200, 400}, (status, content, body)
    if status == 400:
        answer = json.loads(content)
        assert answer.keys() == {"error"}, body
        assert "\n" not in answer["error"], body
        assert len(answer["error"]) < 1000, body


def try_on_sample(settings: Settings, count: int, seed: int) -> Counter[int]:
    with serve(settings) as client:
        return ask_all(client, malformed_requests(INPUTS, count, seed))


def try_on_every_datatype(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, count: int, seed: int
) -> Counter[int]:
    monkeypatch.setattr("service.model_runtime.load", lambda *_: Echo())
    with serve(settings.model_copy(update={"serve_predict": False})) as client:
        return ask_all(client, malformed_requests(one_of_each(), count, seed))


def check_mixture(statuses: Counter[int], count: int) -> None:
    """Check that requests were wrong enough to try something, and right enough to get somewhere."""
    assert statuses.total() == count
    assert statuses[400] > count / 4, statuses
    assert statuses[200] > count / 20, statuses


def test_thousands_of_malformed_requests_are_answered_or_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_mixture(try_on_sample(settings, 3_000, seed=1), 3_000)
    check_mixture(try_on_every_datatype(settings, monkeypatch, 1_000, seed=2), 1_000)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(10, 15))
def test_fifteen_thousand_more_are_for_the_sample(settings: Settings, seed: int) -> None:
    check_mixture(try_on_sample(settings, 15_000, seed), 15_000)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(20, 25))
def test_five_thousand_more_are_for_every_datatype(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    check_mixture(try_on_every_datatype(settings, monkeypatch, 5_000, seed), 5_000)


def ask_over_http(connection: http.client.HTTPConnection, path: str, body: Body) -> int:
    """Send one request over a connection that is kept; check the answer and return its status."""
    length = {LENGTH: body.header_length} if body.header_length is not None else {}
    connection.request("POST", path, body.content, length)
    response = connection.getresponse()
    content = response.read()
    check(response.status, content, body)
    return response.status


@pytest.mark.stress
def test_thousands_over_http_leave_a_server_as_it_was(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    model = service.get("/health").json()["model"]["name"]
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        statuses = Counter(
            ask_over_http(connection, f"/v2/models/{model}/infer", body)
            for body in malformed_requests(INPUTS, 5_000, seed=30)
        )
    check_mixture(statuses, 5_000)
    assert service.is_ready()
    assert "Traceback" not in service.log.read_text(encoding="utf-8")
