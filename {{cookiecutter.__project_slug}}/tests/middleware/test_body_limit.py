import asyncio
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from service.app import create_app
from service.middleware.body_limit import TOO_LATE, LimitBody
from service.serving.readiness import Readiness
from service.settings import Settings


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    settings = settings.model_copy(update={"max_body_bytes": 100})
    with TestClient(create_app(settings, Readiness())) as client:
        yield client


def in_pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * 10


def test_a_body_of_the_largest_size_is_read(client: TestClient) -> None:
    assert client.post("/predict", content=b"x" * 100).status_code != 413


def test_a_body_that_says_that_it_is_too_large_is_refused(client: TestClient) -> None:
    response = client.post("/predict", content=b"x" * 101)
    assert response.status_code == 413
    assert response.json() == {"detail": "the body has more than 100 bytes, which is the limit here"}


def test_a_body_that_does_not_say_its_size_is_refused_once_it_is_too_large(client: TestClient) -> None:
    assert client.post("/predict", content=in_pieces(10)).status_code != 413
    assert client.post("/predict", content=in_pieces(11)).status_code == 413


def test_a_page_that_reads_no_body_does_not_mind(client: TestClient) -> None:
    assert client.request("GET", "/health/live", content=b"x" * 101).status_code == 200


async def read_once(scope: Scope, receive: Receive, send: Send) -> None:
    """Take one piece of the body, and answer when it is told to."""
    await receive()
    await scope["answer"].wait()


async def ask(limit: LimitBody, body: bytes, answer: asyncio.Event, **keys: object) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": True}

    async def send(_: Message) -> None:
        pass

    await limit({"type": "http", "headers": [], "answer": answer, **keys}, receive, send)


def test_bodies_are_refused_while_too_many_bytes_await_their_answers() -> None:
    async def fill() -> None:
        limit, answer, at_once = LimitBody(read_once, 100, 250), asyncio.Event(), asyncio.Event()
        at_once.set()
        async with asyncio.TaskGroup() as waiting:
            for _ in range(2):
                waiting.create_task(ask(limit, b"x" * 100, answer))
            await asyncio.sleep(0)
            await ask(limit, b"x" * 50, at_once)
            with pytest.raises(HTTPException, match="requests with 250 bytes are being answered") as caught:
                await ask(limit, b"x" * 51, at_once)
            assert (caught.value.status_code, caught.value.headers) == (503, {"retry-after": "1"})
            answer.set()
        assert limit.held == 0
        await ask(limit, b"x" * 100, at_once)

    asyncio.run(fill())


def test_one_body_of_the_largest_size_is_read_however_little_memory_there_is() -> None:
    answer = asyncio.Event()
    answer.set()
    asyncio.run(ask(LimitBody(read_once, 100, 10), b"x" * 100, answer))


def test_a_body_that_comes_too_late_is_refused() -> None:
    late = ask(LimitBody(read_once, 100, 100), b"", asyncio.Event(), **{TOO_LATE: 3.0})
    with pytest.raises(HTTPException, match="the request was not received whole within 3 s") as caught:
        asyncio.run(late)
    assert caught.value.status_code == 408
