"""The way to the model: a bounded queue, threads that compute, and whatever waits goes in one call.

Requests come from the event loop and wait in the queue. A thread that becomes free takes those that wait, up
to a number of rows, asks the model once, and gives each request its own rows of the answer. So a request
alone waits for nothing, and the batches grow with the load.
"""

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from service.errors import DeadlineError, InferenceError, InvalidRequestError, QueueFullError
from service.model_runtime import Model
from service.resources import cpu
from service.serving.alarms import Alarms
from service.telemetry.metrics import Metrics
from service.tensors import Arrays

logger = logging.getLogger(__name__)

Outcome = Arrays | InferenceError | DeadlineError


@dataclass(frozen=True)
class Limits:
    """How much there may be to do at once, and how it is put together."""

    threads: int
    batch_rows: int
    """The most rows in one call and in one request; with 1, no requests are joined and rows not counted."""
    batch_delay: float
    """Seconds for which an incomplete batch waits for more rows."""
    queue_rows: int
    """The most rows that wait; a request whose rows are not counted takes the place of one."""


@dataclass(eq=False, slots=True)
class Job:
    """One request on its way through the queue; times are the event loop's, which are `time.monotonic`'s."""

    inputs: Arrays
    rows: int
    kind: object
    """Equal for requests that one call can answer."""
    arrived: float
    deadline: float
    outputs: asyncio.Future[Arrays]

    def is_awaited(self) -> bool:
        """Whether an answer would still be of use."""
        return not self.outputs.done() and time.monotonic() < self.deadline

    def expire(self) -> None:
        """Tell the caller that it is too late."""
        self.finish(DeadlineError("the answer takes longer than this request may take: come again later"))

    def finish(self, outcome: Outcome) -> None:
        """Give the caller an answer, unless it has one or has gone."""
        if self.outputs.done():
            return
        if isinstance(outcome, Exception):
            self.outputs.set_exception(outcome)
        else:
            self.outputs.set_result(outcome)


class Executor:
    """One model, the requests that wait for it, and the threads that ask it."""

    def __init__(self, model: Model, limits: Limits, metrics: Metrics) -> None:
        """Prepare; threads start when there is something to do.

        `limits.batch_rows` must be 1 unless the model answers each row by itself.
        """
        self.depth = 0  # rows that wait
        self.alarms = Alarms()  # for all who wait
        self._model = model
        self._limits = limits
        self._metrics = metrics
        self._counts_rows = limits.batch_rows > 1
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._threads = 0
        self._closed = False
        self._waking = False

    async def infer(self, inputs: Arrays, deadline: float) -> Arrays:
        """Return what the model answers to these inputs; whoever stops waiting is taken out of the queue.

        The deadline is in the event loop's time. Raises `QueueFullError` at once, `DeadlineError` when it has
        passed, `InvalidRequestError` for more rows than a batch may have, and `InferenceError` when the
        model fails.
        """
        loop = asyncio.get_running_loop()
        kind = describe(inputs) if self._counts_rows else object()
        job = Job(inputs, self._count_rows(inputs), kind, loop.time(), deadline, loop.create_future())
        self._put(job)
        expiry = self.alarms.set(deadline, job.expire)
        try:
            return await job.outputs
        except DeadlineError:
            self._withdraw(job, "late")
            raise
        except asyncio.CancelledError:
            self._withdraw(job, "gone")
            raise
        finally:
            self.alarms.cancel(expiry)

    def require_room(self, rows: int = 1) -> None:
        """Raise `QueueFullError` if so many rows more would be too many; a caller need not even be read."""
        if self.depth + rows > self._limits.queue_rows:
            self._metrics.count_dropped("full")
            raise QueueFullError(f"{self.depth} rows wait for the model already: come again later")

    def close(self) -> None:
        """Let the threads end once nothing waits; a request that comes all the same is still answered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _count_rows(self, inputs: Arrays) -> int:
        """Return the places that a request takes in the queue."""
        if not self._counts_rows:
            return 1
        counts = {len(array) for array in inputs.values()}
        if len(counts) > 1 or 0 in counts:
            raise InvalidRequestError("every input must have the same number of rows, and at least one")
        rows = max(counts)
        if rows > self._limits.batch_rows:
            raise InvalidRequestError(
                f"the request has {rows} rows, more than the {self._limits.batch_rows} that go in one call: "
                "send fewer at a time"
            )
        return rows

    def _put(self, job: Job) -> None:
        with self._changed:
            self.require_room(job.rows)
            if self._threads < self._limits.threads:
                threading.Thread(target=self._work, name="infer", daemon=True).start()
                self._threads += 1  # not before: the system may refuse to start one
            self.depth += job.rows
            self._waiting.append(job)
            if not self._waking:
                self._waking = True
                job.outputs.get_loop().call_soon(self._wake)

    def _wake(self) -> None:
        """Wake threads for all requests that came in one turn of the event loop.

        One that is woken for the first of them takes the interpreter from the loop, only to ask for that one.
        """
        with self._changed:
            self._waking = False
            self._changed.notify(math.ceil(self.depth / self._limits.batch_rows))

    def _withdraw(self, job: Job, reason: str) -> None:
        """Count a caller that is no longer there, and take what it asked out of the queue."""
        self._metrics.count_dropped(reason)
        with self._changed, contextlib.suppress(ValueError):  # which says that a thread has taken it
            self._waiting.remove(job)
            self.depth -= job.rows

    def _work(self) -> None:
        """Ask the model as long as there is something to ask."""
        cpu.wait_for_others()
        while batch := self._take():
            started = time.monotonic()
            outcomes = self._ask(batch)
            seconds = time.monotonic() - started
            self._metrics.observe_batch(len(batch), sum(job.rows for job in batch), seconds)
            for job in batch:
                self._metrics.observe_wait(started - job.arrived)
            with contextlib.suppress(RuntimeError):  # the event loop has ended, and nobody waits
                batch[0].outputs.get_loop().call_soon_threadsafe(finish, batch, outcomes)

    def _take(self) -> list[Job]:
        """Wait for requests and take those that go in one call; none means that this thread is to end."""
        with self._changed:
            while self._waiting or not self._closed:
                pause = self._pause()
                if pause:
                    self._changed.wait(pause)
                elif batch := self._choose():
                    return batch
            self._threads -= 1
            return []

    def _pause(self) -> float:
        """Return for how many seconds it is too early to take what waits."""
        if not self._waiting:
            return threading.TIMEOUT_MAX
        if self._closed or self.depth >= self._limits.batch_rows:
            return 0
        return max(0, self._waiting[0].arrived + self._limits.batch_delay - time.monotonic())

    def _choose(self) -> list[Job]:
        """Take the request that waits longest, and those that fit into one call with it."""
        batch: list[Job] = []
        others: list[Job] = []
        room = self._limits.batch_rows
        while self._waiting and room > 0:
            job = self._waiting.popleft()
            if not job.is_awaited():
                self.depth -= job.rows
            elif job.rows <= room and (not batch or job.kind == batch[0].kind):
                batch.append(job)
                room -= job.rows
                self.depth -= job.rows
            else:
                others.append(job)
        self._waiting.extendleft(reversed(others))
        if others:
            self._changed.notify()  # for another thread, if one is free
        return batch

    def _ask(self, batch: list[Job]) -> list[Outcome]:
        """Return what the model says to each request; what is wrong with one is no other's trouble."""
        if len(batch) > 1:
            try:
                return ask_together(self._model, batch)
            except Exception as error:  # each model runtime has its own
                # A line, because callers can cause as many as they like; each gets its own error in the end.
                logger.info(
                    "a batch of %d requests failed (%s): each is asked alone",
                    len(batch),
                    str(error).partition("\n")[0],
                    exc_info=logger.isEnabledFor(logging.DEBUG),
                )
        return [ask_alone(self._model, job) for job in batch]


def describe(inputs: Arrays) -> object:
    """Return what the inputs of requests that one call can answer have in common."""
    return [(name, array.shape[1:], array.dtype) for name, array in inputs.items()]


def ask_together(model: Model, batch: list[Job]) -> list[Outcome]:
    """Ask for all requests in one call, and give each its own rows; raise what the model raises."""
    ends = [0, *accumulate(job.rows for job in batch)]
    joined = {name: np.concatenate([job.inputs[name] for job in batch]) for name in batch[0].inputs}
    outputs = model.infer(joined)
    if any(len(array) != ends[-1] for array in outputs.values()):
        raise ValueError("the model does not answer each row by itself: set MAX_BATCH_SIZE=1")
    return [{name: array[start:end] for name, array in outputs.items()} for start, end in pairwise(ends)]


def ask_alone(model: Model, job: Job) -> Outcome:
    """Ask for one request, if its answer would still be of use."""
    if not job.is_awaited():
        return DeadlineError("it is too late to ask the model")
    try:
        return model.infer(job.inputs)
    except Exception as error:  # noqa: BLE001 - each model runtime has its own
        refusal = InferenceError(str(error).partition("\n")[0] or type(error).__name__)
        refusal.__cause__ = error
        return refusal


def finish(batch: list[Job], outcomes: list[Outcome]) -> None:
    """Give each caller its own answer, in the event loop."""
    for job, outcome in zip(batch, outcomes, strict=True):
        job.finish(outcome)
