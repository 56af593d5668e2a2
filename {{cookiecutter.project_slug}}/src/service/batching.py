"""The queue in front of the model: it is bounded, threads work it off, and what waits goes in one call.

A request alone waits for nothing, and batches grow with the load.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from fastapi import HTTPException

from service import metrics
from service.errors import InferenceError, InvalidRequestError, UnavailableError
from service.model_runtime import Arrays, Model
from service.settings import Settings

logger = logging.getLogger(__name__)

DISCONNECT_CHECK_SECONDS = 0.1
QUICK_SECONDS = 0.0005  # a model this quick is asked on the event loop: a thread would take longer
QUICK_CALLS = 100


@dataclass(eq=False, slots=True)
class Job:
    inputs: Arrays
    rows: int
    size: int
    signature: object  # equal for requests that can be joined
    queued: float
    outcome: asyncio.Future[Arrays | str]  # or why the model failed: an exception would keep frames alive


class Batcher:
    """One model, its queue and its threads; `joins` only if the model answers each row by itself."""

    def __init__(self, model: Model, settings: Settings, *, threads: int, joins: bool) -> None:
        self._model = model
        self._joins = joins
        self._max_rows = settings.max_batch_size
        self._max_bytes = settings.max_batch_bytes
        self._max_queue = settings.max_queue_size
        self.waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._busy = threads  # until each has looked for requests
        self._quick_calls = self._quick_bytes = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"inference-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether all threads still work."""
        return all(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Let the threads end once nothing waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def infer(
        self, inputs: Arrays, deadline: float, is_disconnected: Callable[[], Awaitable[bool]]
    ) -> Arrays:
        """Return the model's outputs for these inputs.

        The deadline is in the event loop's time. Raises `InvalidRequestError` for no rows or too many,
        `UnavailableError` if the queue is full, `InferenceError` if the model fails, and `HTTPException` with
        504 after the deadline, or with nginx's 499 for the log if the client disconnected.
        """
        loop = asyncio.get_running_loop()
        job = self._make_job(inputs, loop.create_future())
        is_quick = self._quick_calls >= QUICK_CALLS and job.size <= self._quick_bytes
        if is_quick and not self.waiting and not self._busy and deadline > loop.time():
            outcome = self._ask([job])[0]
        else:
            outcome = await self._wait(job, deadline, is_disconnected)
        if isinstance(outcome, str):
            logger.warning("the model failed: %s", outcome)
            raise InferenceError(outcome)
        return outcome

    def _make_job(self, inputs: Arrays, outcome: asyncio.Future[Arrays | str]) -> Job:
        lengths = {len(array) if array.ndim else None for array in inputs.values()}
        if 0 in lengths:
            raise InvalidRequestError("the inputs have no rows: send at least one")
        size = sum(array.nbytes for array in inputs.values())
        rows = lengths.pop() if len(lengths) == 1 else None
        if not self._joins or rows is None:
            return Job(inputs, rows or 1, size, object(), time.monotonic(), outcome)
        if rows > self._max_rows:
            raise InvalidRequestError(f"{rows} rows are more than MAX_BATCH_SIZE allows, {self._max_rows}")
        signature = [(name, array.shape[1:], array.dtype) for name, array in inputs.items()]
        return Job(inputs, rows, size, signature, time.monotonic(), outcome)

    async def _wait(
        self, job: Job, deadline: float, is_disconnected: Callable[[], Awaitable[bool]]
    ) -> Arrays | str:
        """Queue a request and return its outcome; take it out again if nobody waits any more."""
        loop = asyncio.get_running_loop()
        with self._changed:
            if len(self.waiting) >= self._max_queue:
                metrics.REJECTED.labels("queue_full").inc()
                raise UnavailableError(f"{len(self.waiting)} requests wait for the model: try again later")
            self.waiting.append(job)
            if len(self.waiting) == 1:  # after this turn of the event loop, so that its requests are joined
                loop.call_soon(self._wake)
            if self._closed:  # another model has taken over since this request was given this one
                threading.Thread(target=self._work, daemon=True).start()
        try:
            while not job.outcome.done():
                remaining = deadline - loop.time()
                if remaining <= 0:
                    metrics.REJECTED.labels("deadline").inc()
                    raise HTTPException(504, "the model did not answer before the deadline of this request")
                await asyncio.wait((job.outcome,), timeout=min(remaining, DISCONNECT_CHECK_SECONDS))
                if not job.outcome.done() and await is_disconnected():
                    metrics.REJECTED.labels("disconnected").inc()
                    raise HTTPException(499, "the client disconnected")
            return job.outcome.result()
        except asyncio.CancelledError:  # by the server, at the end of SHUTDOWN_SECONDS
            raise UnavailableError("the service is stopping") from None
        finally:
            if job.outcome.cancel():
                with self._changed, suppress(ValueError):  # a thread may have taken it
                    self.waiting.remove(job)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _work(self) -> None:
        """Ask the model as long as requests come; whatever it raises, the next request is served."""
        while batch := self._take():
            outcomes = self._ask(batch)
            with suppress(RuntimeError):  # the event loop has ended, and nobody waits
                batch[0].outcome.get_loop().call_soon_threadsafe(deliver, batch, outcomes)

    def _take(self) -> list[Job]:
        """Wait for requests and return those for one call; none means that this thread is to end."""
        with self._changed:
            self._busy -= 1
            while not (batch := self._choose()) and not self._closed:
                self._changed.wait()
            self._busy += 1
            if self.waiting:
                self._changed.notify()  # another thread
        for job in batch:
            metrics.QUEUE_SECONDS.observe(time.monotonic() - job.queued)
        return batch

    def _choose(self) -> list[Job]:
        """Take the request that waits longest, and those behind it that fit into the same call."""
        batch: list[Job] = []
        rows = size = 0
        while self.waiting:
            job = self.waiting[0]
            rows, size = rows + job.rows, size + job.size
            fits = rows <= self._max_rows and size <= self._max_bytes
            if batch and not (fits and job.signature == batch[0].signature):
                break
            batch.append(self.waiting.popleft())
        return batch

    def _ask(self, batch: list[Job]) -> list[Arrays | str]:
        started = time.monotonic()
        outcomes = ask_together(self._model, batch) if len(batch) > 1 else [ask(self._model, batch[0])]
        seconds = time.monotonic() - started
        is_quick = seconds < QUICK_SECONDS
        self._quick_calls = self._quick_calls + 1 if is_quick else 0
        self._quick_bytes = max(self._quick_bytes, sum(job.size for job in batch)) if is_quick else 0
        metrics.INFERENCE_SECONDS.observe(seconds)
        metrics.BATCH_ROWS.observe(sum(job.rows for job in batch))
        return outcomes


def deliver(batch: list[Job], outcomes: list[Arrays | str]) -> None:
    """Give each request its outcome, on the event loop."""
    for job, outcome in zip(batch, outcomes, strict=True):
        if not job.outcome.done():
            job.outcome.set_result(outcome)


def ask(model: Model, job: Job) -> Arrays | str:
    """Ask for one request; return the outputs, or why the model failed."""
    try:
        return model.infer(job.inputs)
    except BaseException as error:  # a runtime written in Rust or C++ raises these too
        logger.debug("the model failed", exc_info=True)
        return str(error).partition("\n")[0] or type(error).__name__


def ask_together(model: Model, batch: list[Job]) -> list[Arrays | str]:
    """Ask for all requests in one call and split the outputs by rows; if that fails, ask for each alone."""
    ends = [0, *accumulate(job.rows for job in batch)]
    try:
        joined = {name: np.concatenate([job.inputs[name] for job in batch]) for name in batch[0].inputs}
        outputs = model.infer(joined)
        if any(len(array) != ends[-1] for array in outputs.values()):
            raise ValueError("its outputs do not have as many rows as its inputs")
    except BaseException as error:  # noqa: BLE001 - a runtime in Rust or C++ raises these
        logger.warning("a batch of %d requests failed (%s): asking for each alone", len(batch), error)
        return [ask(model, job) for job in batch]
    return [{name: array[start:end] for name, array in outputs.items()} for start, end in pairwise(ends)]
