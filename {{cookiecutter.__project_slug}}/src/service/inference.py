"""One request's way to the model: the version that it got, its deadline, and whether its caller is there."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from service.deadline import read_deadline
from service.errors import CallerGoneError
from service.serving import ServedModel
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
        with cancelled_without_caller(self._request):
            return await self.served.executor.infer(inputs, self._deadline)


@contextmanager
def cancelled_without_caller(request: Request) -> Iterator[None]:
    """End what is awaited here when the caller has closed the connection: nobody wants it any more.

    Raises `CallerGoneError` then. The body must have been read, or this would swallow it.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    watches: list[asyncio.Task[None]] = []
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        if task:
            task.cancel()

    timer = loop.call_later(PATIENCE, lambda: watches.append(loop.create_task(watch())))
    try:
        yield
    except asyncio.CancelledError:
        if gone and task and not task.uncancel():
            raise CallerGoneError("the caller has closed the connection") from None
        raise
    finally:
        timer.cancel()
        for each in watches:
            each.cancel()
