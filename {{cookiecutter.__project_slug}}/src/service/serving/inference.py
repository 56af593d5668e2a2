"""One request's way to the model: the version that it got, its deadline, and whether its caller is there."""

import asyncio
from types import TracebackType

from fastapi import Request

from service.errors import CallerGoneError
from service.serving.alarms import Alarms
from service.serving.deadline import read_deadline
from service.serving.served_model import ServedModel
from service.tensors import Arrays

# Seconds; most answers are there sooner than it pays to look whether somebody waits for them.
PATIENCE = 0.1


class Inference:
    """What a route asks; it keeps to one version of the model, whatever is switched meanwhile."""

    def __init__(self, request: Request, served: ServedModel, longest: float) -> None:
        """Begin the time that the request may take, `longest` seconds or less if its caller says so."""
        self.served = served
        self._request = request
        self._deadline = read_deadline(request, longest)

    async def __call__(self, inputs: Arrays) -> Arrays:
        """Return what the model answers; raise what `Executor.infer` raises, and `CallerGoneError`."""
        executor = self.served.executor
        with Watch(self._request, executor.alarms):
            return await executor.infer(inputs, self._deadline)


class Watch:
    """Ends what is awaited within it when the caller has closed the connection: nobody wants it any more.

    Raises `CallerGoneError` then. The body must have been read, or this would swallow it.
    """

    def __init__(self, request: Request, alarms: Alarms) -> None:
        """Prepare to watch the connection of a request."""
        self._request = request
        self._alarms = alarms
        self._gone = False
        self._watching: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        """Begin to be patient."""
        self._task = asyncio.current_task()
        self._alarm = self._alarms.set(asyncio.get_running_loop().time() + PATIENCE, self._begin)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Watch no longer, and say so if it was the caller's leave that ended this."""
        self._alarms.cancel(self._alarm)
        del self._alarm  # which knows this: a circle would be left to the garbage collector
        if self._watching:
            self._watching.cancel()
        ended = self._gone and isinstance(error, asyncio.CancelledError)
        if ended and self._task and not self._task.uncancel():
            raise CallerGoneError("the caller has closed the connection") from None

    def _begin(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task:
            self._task.cancel()
