"""The queue in front of the model."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from conftest import FakeModel, make_batcher
from fastapi import HTTPException

from service import batching
from service.batching import QUICK_CALLS, Batcher
from service.errors import InferenceError, InvalidRequestError, UnavailableError
from service.model_runtime import Arrays


class Panic(BaseException):
    """What a runtime written in Rust raises."""


async def is_connected() -> bool:
    return False


async def is_gone() -> bool:
    return True


def rows(*values: float) -> Arrays:
    return {"x": np.array(values, np.float32).reshape(-1, 1)}


async def infer(batcher: Batcher, inputs: Arrays, seconds: float = 5) -> Arrays:
    return await batcher.infer(inputs, asyncio.get_running_loop().time() + seconds, is_connected)


class Gate:
    """A function for a model that waits until it is opened."""

    def __init__(self, function: Callable[[Arrays], Arrays] = dict) -> None:
        self.opened, self.entered = threading.Event(), threading.Event()
        self.function = function

    def __call__(self, inputs: Arrays) -> Arrays:
        self.entered.set()
        assert self.opened.wait(10)
        return self.function(inputs)


async def ask_behind(batcher: Batcher, gate: Gate, requests: list[Arrays]) -> list[Any]:
    """Ask once, which keeps the model busy, then for all requests; return their outcomes."""
    first = asyncio.create_task(infer(batcher, rows(0)))
    await asyncio.to_thread(gate.entered.wait)
    tasks = [asyncio.create_task(infer(batcher, inputs)) for inputs in requests]
    await asyncio.sleep(0.05)
    gate.opened.set()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_requests_that_wait_go_in_one_call_and_each_gets_its_own_rows() -> None:
    gate = Gate(lambda inputs: {"y": inputs["x"] * 2})
    model = FakeModel(gate)
    outcomes = asyncio.run(ask_behind(make_batcher(model), gate, [rows(1), rows(2, 3), rows(4)]))
    assert [outcome["y"].ravel().tolist() for outcome in outcomes] == [[2], [4, 6], [8]]
    assert [len(call["x"]) for call in model.calls] == [1, 4]


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        ({"max_batch_size": 2}, [1, 2, 2, 1]),
        ({"max_batch_bytes": 8}, [1, 2, 2, 1]),
        ({"max_batch_size": 1}, [1] * 6),
        ({"joins": False}, [1] * 6),
    ],
)
def test_a_call_has_no_more_rows_and_bytes_than_allowed(settings: dict[str, Any], calls: list[int]) -> None:
    gate = Gate()
    model = FakeModel(gate)
    asyncio.run(ask_behind(make_batcher(model, **settings), gate, [rows(number) for number in range(5)]))
    assert [len(call["x"]) for call in model.calls] == calls


def test_requests_of_another_shape_or_type_go_in_a_call_of_their_own() -> None:
    gate = Gate()
    model = FakeModel(gate)
    wide, whole = {"x": np.ones((1, 2), np.float32)}, {"x": np.ones((1, 1), np.int64)}
    asyncio.run(ask_behind(make_batcher(model), gate, [rows(1), rows(2), wide, whole]))
    assert [call["x"].shape for call in model.calls] == [(1, 1), (2, 1), (1, 2), (1, 1)]


def test_if_a_batch_fails_each_request_is_asked_alone() -> None:
    def refuse_negative(inputs: Arrays) -> Arrays:
        if (inputs["x"] < 0).any():
            raise ValueError("negative")
        return inputs

    gate = Gate(refuse_negative)
    good, bad = asyncio.run(ask_behind(make_batcher(FakeModel(gate)), gate, [rows(1), rows(-1)]))
    assert good["x"].tolist() == [[1]]
    assert isinstance(bad, InferenceError)
    assert bad.detail == "the model failed: negative"


def test_a_model_that_does_not_answer_row_by_row_gives_nobody_the_rows_of_another() -> None:
    gate = Gate(lambda inputs: {"y": inputs["x"][inputs["x"] > 1]})
    outcomes = asyncio.run(ask_behind(make_batcher(FakeModel(gate)), gate, [rows(1), rows(2)]))
    assert [outcome["y"].tolist() for outcome in outcomes] == [[], [2]]


@pytest.mark.parametrize("error", [ValueError("wrong"), Panic("wrong"), SystemExit("wrong")])
def test_whatever_the_model_raises_the_next_request_is_served(error: BaseException) -> None:
    def fail_once(inputs: Arrays) -> Arrays:
        if len(model.calls) == 1:
            raise error
        return inputs

    async def ask_twice() -> Arrays:
        with pytest.raises(InferenceError, match="the model failed: wrong"):
            await infer(batcher, rows(1))
        return await infer(batcher, rows(2))

    model = FakeModel(fail_once)
    batcher = make_batcher(model)
    assert asyncio.run(ask_twice())["x"].tolist() == [[2]]
    assert batcher.is_alive


def test_a_full_queue_refuses_at_once() -> None:
    gate = Gate()
    *served, refused = asyncio.run(
        ask_behind(make_batcher(FakeModel(gate), max_queue_size=2), gate, [rows(1), rows(2), rows(3)])
    )
    assert [outcome["x"].tolist() for outcome in served] == [[[1]], [[2]]]
    assert isinstance(refused, UnavailableError)


@pytest.mark.parametrize(("seconds", "check", "status"), [(0.05, is_connected, 504), (5, is_gone, 499)])
def test_what_nobody_waits_for_never_reaches_the_model(
    seconds: float, check: Callable[[], Awaitable[bool]], status: int
) -> None:
    async def give_up() -> None:
        first = asyncio.create_task(infer(batcher, rows(0)))
        await asyncio.to_thread(gate.entered.wait)
        with pytest.raises(HTTPException) as raised:
            await batcher.infer(rows(1), asyncio.get_running_loop().time() + seconds, check)
        assert raised.value.status_code == status
        gate.opened.set()
        await first
        await infer(batcher, rows(2))

    gate = Gate()
    model = FakeModel(gate)
    batcher = make_batcher(model)
    asyncio.run(give_up())
    assert [call["x"].tolist() for call in model.calls] == [[[0]], [[2]]]


@pytest.mark.parametrize("inputs", [rows(), {"x": np.ones((0, 576), np.float32)}, rows(*range(9))])
def test_no_rows_and_too_many_rows_are_refused(inputs: Arrays) -> None:
    model = FakeModel()
    with pytest.raises(InvalidRequestError, match="rows"):
        asyncio.run(infer(make_batcher(model), inputs))
    assert model.calls == []


async def find_threads(batcher: Batcher, threads: list[str], requests: int) -> list[str]:
    for number in range(requests):
        await infer(batcher, rows(number))
    return threads[-requests:]


def test_a_quick_model_is_asked_in_place_until_one_call_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def note_thread(inputs: Arrays) -> Arrays:
        threads.append(threading.current_thread().name)
        if inputs["x"][0, 0] == -1:
            time.sleep(0.3)
        return inputs

    async def ask() -> None:
        in_threads = await find_threads(batcher, threads, 2 * QUICK_CALLS)
        assert in_threads[0] == "inference-0"
        assert in_threads[-1] == "MainThread"
        await infer(batcher, rows(-1))
        assert set(await find_threads(batcher, threads, QUICK_CALLS)) == {"inference-0"}

    monkeypatch.setattr(batching, "QUICK_SECONDS", 0.2)  # on a busy machine, any call may take milliseconds
    threads: list[str] = []
    batcher = make_batcher(FakeModel(note_thread))
    asyncio.run(ask())


def test_an_exception_of_a_quick_model_is_answered_as_any_other() -> None:
    def refuse_negative(inputs: Arrays) -> Arrays:
        if inputs["x"][0, 0] < 0:
            raise Panic("negative")
        return inputs

    async def ask() -> None:
        await find_threads(batcher, [], 2 * QUICK_CALLS)
        with pytest.raises(InferenceError, match="negative"):
            await infer(batcher, rows(-1))
        assert (await infer(batcher, rows(1)))["x"].tolist() == [[1]]

    batcher = make_batcher(FakeModel(refuse_negative))
    asyncio.run(ask())


def test_threads_end_when_the_queue_is_closed() -> None:
    batcher = make_batcher(FakeModel(), threads=3)
    asyncio.run(infer(batcher, rows(1)))
    batcher.close()
    deadline = time.monotonic() + 5
    while batcher.is_alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not batcher.is_alive
