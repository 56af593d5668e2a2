import asyncio
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from conftest import wait_until
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import DeadlineError, InferenceError, InvalidRequestError, QueueFullError
from service.serving.executor import Executor, Limits
from service.tensors import Arrays, Tensor

POISON = -1
LIMITS = Limits(threads=1, batch_rows=8, batch_delay=0, queue_rows=16)


class Doubler:
    """A model that doubles, refuses poison, and can be held up."""

    def __init__(self, seconds: float = 0) -> None:
        self.inputs = self.outputs = [Tensor("x", "INT64", [-1])]
        self.calls: list[list[int]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._seconds = seconds

    def infer(self, inputs: Arrays) -> Arrays:
        self.calls.append(inputs["x"].ravel().tolist())
        self.may_answer.wait(timeout=10)
        time.sleep(self._seconds)
        if POISON in inputs["x"]:
            raise ValueError("poison\nand much more about it")
        return {"x": inputs["x"] * 2}


class Counts:
    """Metrics that a test can look at."""

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self.batches: list[tuple[int, int]] = []
        self.waits: list[float] = []

    def observe_batch(self, requests: int, rows: int, seconds: float) -> None:
        assert seconds >= 0
        self.batches.append((requests, rows))

    def observe_wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def count_dropped(self, reason: str) -> None:
        self.dropped[reason] += 1


class Bench:
    """An executor with a model and metrics for a test, and whatever the test does with them."""

    def __init__(self, limits: Limits = LIMITS, seconds: float = 0) -> None:
        self.model = Doubler(seconds)
        self.counts = Counts()
        self.executor = Executor(self.model, limits, self.counts)  # type: ignore[arg-type]

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            return await asyncio.wait_for(work(), timeout=10)

        try:
            return asyncio.run(run())
        finally:
            self.model.may_answer.set()
            self.executor.close()

    async def ask(self, *rows: int, seconds: float = 10) -> list[int]:
        deadline = asyncio.get_running_loop().time() + seconds
        outputs = await self.executor.infer({"x": np.array(rows, dtype=np.int64)}, deadline)
        answer: list[int] = outputs["x"].tolist()
        return answer

    async def keep_busy(self) -> asyncio.Task[list[int]]:
        """Let the model begin with something that it does not finish yet."""
        self.model.may_answer.clear()
        busy = asyncio.ensure_future(self.ask(0))
        while not self.model.calls:
            await asyncio.sleep(0.001)
        return busy


def test_a_request_alone_is_answered_at_once() -> None:
    bench = Bench()
    assert bench.run(lambda: bench.ask(1, 2)) == [2, 4]
    assert bench.counts.batches == [(1, 2)]


def test_what_waits_goes_in_one_call_and_each_gets_its_own() -> None:
    bench = Bench()

    async def ask_many() -> list[list[int]]:
        busy = await bench.keep_busy()
        waiting = [asyncio.ensure_future(bench.ask(*rows)) for rows in [(1,), (2, 3), (4,)]]
        await asyncio.sleep(0.01)
        assert bench.executor.depth == 4
        bench.model.may_answer.set()
        return await asyncio.gather(busy, *waiting)

    assert bench.run(ask_many) == [[0], [2], [4, 6], [8]]
    assert bench.model.calls == [[0], [1, 2, 3, 4]]
    assert bench.counts.batches == [(1, 1), (3, 4)]
    assert len(bench.counts.waits) == 4


def test_what_comes_in_one_turn_of_the_event_loop_goes_in_one_call() -> None:
    bench = Bench()

    async def ask_many() -> list[list[int]]:
        await bench.ask(0)
        await asyncio.sleep(0.05)  # the thread waits again
        return await asyncio.gather(*(bench.ask(row) for row in (1, 2, 3)))

    assert bench.run(ask_many) == [[2], [4], [6]]
    assert bench.model.calls == [[0], [1, 2, 3]]


def test_a_thread_that_is_free_takes_what_another_cannot_join() -> None:
    bench = Bench(replace(LIMITS, threads=2))

    async def ask_both() -> None:
        await asyncio.gather(bench.ask(0), bench.ask(0))
        await bench.ask(0)
        await asyncio.sleep(0.05)  # both threads wait again
        bench.model.calls.clear()
        bench.model.may_answer.clear()
        other = bench.executor.infer({"x": np.zeros((1, 2), dtype=np.int64)}, time.monotonic() + 10)
        asked = asyncio.gather(bench.ask(1), other)
        while len(bench.model.calls) < 2:
            await asyncio.sleep(0.001)
        bench.model.may_answer.set()
        await asked

    bench.run(ask_both)


def test_a_thread_that_the_system_refuses_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    start = threading.Thread.start
    refusals = [RuntimeError("can't start new thread")]

    def refuse_once(thread: threading.Thread) -> None:
        if refusals:
            raise refusals.pop()
        start(thread)

    async def ask_again() -> list[int]:
        with pytest.raises(RuntimeError):
            await bench.ask(1)
        assert bench.executor.depth == 0
        return await bench.ask(2)

    monkeypatch.setattr(threading.Thread, "start", refuse_once)
    assert bench.run(ask_again) == [4]


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_a_batch_that_fails_has_one_line_unless_somebody_debugs(
    level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "service.serving.executor")
    bench = Bench()

    async def ask_many() -> None:
        busy = await bench.keep_busy()
        waiting = asyncio.gather(bench.ask(1), bench.ask(POISON), return_exceptions=True)
        await asyncio.sleep(0.01)
        bench.model.may_answer.set()
        await busy
        await waiting

    bench.run(ask_many)
    (record,) = caplog.records
    assert re.fullmatch(r"a batch of 2 requests failed \(.+\): each is asked alone", record.getMessage())
    assert bool(record.exc_info) == (level == logging.DEBUG)


def test_a_batch_has_no_more_rows_than_it_may_and_none_is_overtaken_for_long() -> None:
    bench = Bench(replace(LIMITS, batch_rows=4))

    async def ask_many() -> None:
        busy = await bench.keep_busy()
        waiting = [asyncio.ensure_future(bench.ask(*[n] * rows)) for n, rows in [(1, 3), (2, 2), (3, 1)]]
        await asyncio.sleep(0.01)
        bench.model.may_answer.set()
        await asyncio.gather(busy, *waiting)

    bench.run(ask_many)
    assert bench.model.calls == [[0], [1, 1, 1, 3], [2, 2]]


def test_rows_of_different_shapes_are_never_put_together() -> None:
    bench = Bench()

    async def ask(array: Any) -> Any:
        return (await bench.executor.infer({"x": array}, asyncio.get_running_loop().time() + 10))["x"]

    async def ask_many() -> list[Any]:
        busy = await bench.keep_busy()
        shapes = [(1, 2), (1, 3), (2, 2)]
        waiting = [asyncio.ensure_future(ask(np.ones(shape, dtype=np.int64))) for shape in shapes]
        await asyncio.sleep(0.01)
        bench.model.may_answer.set()
        await busy
        return await asyncio.gather(*waiting)

    shapes = [list(array.shape) for array in bench.run(ask_many)]
    assert shapes == [[1, 2], [1, 3], [2, 2]]
    assert [len(call) for call in bench.model.calls] == [1, 6, 3]


def test_a_batch_waits_for_more_only_as_long_as_it_may() -> None:
    bench = Bench(replace(LIMITS, batch_rows=2, batch_delay=0.2))

    async def ask_two_then_one() -> float:
        loop = asyncio.get_running_loop()
        await asyncio.gather(bench.ask(1), bench.ask(2))
        began = loop.time()
        await bench.ask(3)
        return loop.time() - began

    assert bench.run(ask_two_then_one) >= 0.2
    assert bench.model.calls == [[1, 2], [3]]


def test_a_bad_request_never_fails_those_that_went_with_it() -> None:
    bench = Bench()

    async def ask_many() -> list[Any]:
        busy = await bench.keep_busy()
        waiting = [asyncio.ensure_future(bench.ask(n)) for n in [1, POISON, 2]]
        await asyncio.sleep(0.01)
        bench.model.may_answer.set()
        await busy
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, bad, last = bench.run(ask_many)
    assert [first, last] == [[2], [4]]
    assert isinstance(bad, InferenceError)
    assert str(bad) == "poison"


def test_a_full_queue_refuses_at_once() -> None:
    bench = Bench(replace(LIMITS, batch_rows=2, queue_rows=2))

    async def ask_too_much() -> None:
        busy = await bench.keep_busy()
        waiting = asyncio.ensure_future(bench.ask(1, 2))
        await asyncio.sleep(0.01)
        with pytest.raises(QueueFullError, match="2 rows wait"):
            await bench.ask(3)
        with pytest.raises(QueueFullError):
            bench.executor.require_room()
        bench.model.may_answer.set()
        assert await waiting == [2, 4]
        await busy
        assert await bench.ask(3) == [6]

    bench.run(ask_too_much)
    assert bench.counts.dropped == {"full": 2}


@pytest.mark.parametrize("reason", ["late", "gone"])
def test_what_nobody_waits_for_any_more_never_reaches_the_model(reason: str) -> None:
    bench = Bench()

    async def give_up() -> None:
        busy = await bench.keep_busy()
        waiting = asyncio.ensure_future(bench.ask(1, seconds=0.05 if reason == "late" else 10))
        await asyncio.sleep(0.01)
        if reason == "gone":
            waiting.cancel()
        with pytest.raises(DeadlineError if reason == "late" else asyncio.CancelledError):
            await waiting
        assert bench.executor.depth == 0
        bench.model.may_answer.set()
        assert await busy == [0]
        assert await bench.ask(2) == [4]

    bench.run(give_up)
    assert bench.model.calls == [[0], [2]]
    assert bench.counts.dropped == {reason: 1}


def test_an_answer_that_comes_too_late_is_an_error_although_it_was_begun() -> None:
    bench = Bench(seconds=0.2)

    async def ask() -> None:
        with pytest.raises(DeadlineError):
            await bench.ask(1, seconds=0.05)

    bench.run(ask)


@pytest.mark.parametrize("rows", [9, 0])
def test_a_request_has_as_many_rows_as_go_in_one_call_and_at_least_one(rows: int) -> None:
    bench = Bench()

    async def ask() -> None:
        with pytest.raises(InvalidRequestError, match="rows"):
            await bench.ask(*[1] * rows)

    bench.run(ask)
    assert bench.model.calls == []


def test_without_batches_rows_are_not_counted() -> None:
    bench = Bench(replace(LIMITS, batch_rows=1))
    assert len(bench.run(lambda: bench.ask(*range(100)))) == 100
    assert bench.run(bench.ask) == []


def test_several_threads_ask_at_once() -> None:
    bench = Bench(replace(LIMITS, threads=2, batch_rows=1))

    async def ask_both() -> None:
        bench.model.may_answer.clear()
        waiting = [asyncio.ensure_future(bench.ask(n)) for n in (1, 2)]
        while len(bench.model.calls) < 2:
            await asyncio.sleep(0.001)
        bench.model.may_answer.set()
        await asyncio.gather(*waiting)

    bench.run(ask_both)


def test_all_threads_are_woken_that_have_something_to_do() -> None:
    bench = Bench(replace(LIMITS, threads=3, batch_rows=1), seconds=0.1)

    async def ask_many() -> float:
        await asyncio.gather(*(bench.ask(row) for row in range(3)))
        began = time.monotonic()
        await asyncio.gather(*(bench.ask(row) for row in range(3)))
        return time.monotonic() - began

    assert bench.run(ask_many) < 0.2


def test_a_closed_executor_lets_its_threads_end_and_answers_all_the_same() -> None:
    def count_threads() -> int:
        return [thread.name for thread in threading.enumerate()].count("infer")

    wait_until(lambda: count_threads() == 0)  # those of other tests
    bench = Bench()

    async def ask() -> None:
        await bench.ask(1)
        assert count_threads() == 1
        bench.executor.close()
        await bench.ask(2)

    bench.run(ask)
    wait_until(lambda: count_threads() == 0)
    assert bench.model.calls == [[1], [2]]


@dataclass(frozen=True)
class Caller:
    """What one caller does: when it asks, how many rows, how long it waits, and when it leaves."""

    after: float
    rows: int
    seconds: float
    leaves_after: float | None
    is_bad: bool


moments = st.floats(0, 0.004)
callers = st.builds(
    Caller,
    after=moments,
    rows=st.integers(1, 4),
    seconds=moments | st.just(10),
    leaves_after=st.none() | moments,
    is_bad=st.booleans(),
)
limits = st.builds(
    Limits,
    threads=st.integers(1, 3),
    batch_rows=st.sampled_from([1, 4, 8]),
    batch_delay=st.sampled_from([0, 0.002]),
    queue_rows=st.sampled_from([8, 64]),
)


@settings(deadline=None, max_examples=60)
@given(limits, st.lists(callers, min_size=1, max_size=24), st.sampled_from([0, 0.001]))
def test_whatever_happens_each_caller_gets_its_own_answer_or_its_own_error_once(
    limits: Limits, callers: list[Caller], seconds: float
) -> None:
    bench = Bench(limits, seconds)

    async def call(number: int, caller: Caller) -> Any:
        await asyncio.sleep(caller.after)
        rows = [POISON if caller.is_bad else number * 10 + row for row in range(caller.rows)]
        asking = asyncio.ensure_future(bench.ask(*rows, seconds=caller.seconds))
        if caller.leaves_after is not None:
            asyncio.get_running_loop().call_later(caller.leaves_after, asking.cancel)
        return await asyncio.gather(asking, return_exceptions=True)

    async def call_all() -> Any:
        return await asyncio.gather(*(call(number, caller) for number, caller in enumerate(callers)))

    for number, (caller, [outcome]) in enumerate(zip(callers, bench.run(call_all), strict=True)):
        if isinstance(outcome, list):
            assert outcome == [2 * (number * 10 + row) for row in range(caller.rows)]
            assert not caller.is_bad
        elif isinstance(outcome, InferenceError):
            assert caller.is_bad
        elif isinstance(outcome, DeadlineError):
            assert caller.seconds < 10
        elif isinstance(outcome, asyncio.CancelledError):
            assert caller.leaves_after is not None
        else:
            assert isinstance(outcome, QueueFullError)
    assert bench.executor.depth == 0
    asked = Counter(row for call in bench.model.calls for row in call if row != POISON)
    assert all(times <= 2 for times in asked.values())  # twice only if a batch failed
    assert all(len(call) <= max(limits.batch_rows, 4) for call in bench.model.calls)
