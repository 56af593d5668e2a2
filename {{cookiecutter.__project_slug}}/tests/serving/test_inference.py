import asyncio
from typing import Any

import pytest
from fastapi import Request

from service.errors import CallerGoneError
from service.serving import inference
from service.serving.alarms import Alarms
from service.serving.inference import Watch


def request(*messages: dict[str, Any]) -> Request:
    """A request whose server has so much to say, and then nothing more."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return Request({"type": "http", "headers": []}, receive)


GONE = {"type": "http.disconnect"}


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "PATIENCE", 0)


def test_what_nobody_waits_for_is_ended() -> None:
    ended = False

    async def wait() -> None:
        nonlocal ended
        try:
            with Watch(request({"type": "http.request"}, GONE), Alarms()):
                await asyncio.sleep(60)
        except CallerGoneError:
            ended = True
        await asyncio.sleep(0)  # the task itself is not cancelled

    asyncio.run(asyncio.wait_for(wait(), 5))
    assert ended


def test_a_caller_that_stays_gets_its_answer() -> None:
    async def wait() -> str:
        with Watch(request(), Alarms()):
            await asyncio.sleep(0.05)
            return "answer"

    assert asyncio.run(wait()) == "answer"


def test_nothing_goes_on_watching_once_the_answer_is_there() -> None:
    async def wait() -> set[asyncio.Task[Any]]:
        with Watch(request(), Alarms()):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(wait()) == set()


def test_whoever_else_cancels_it_is_heard() -> None:
    async def wait() -> None:
        with Watch(request(), Alarms()):
            await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
