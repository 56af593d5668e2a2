"""What is told of each request: its id to the caller, a line to the log, its figures to the metrics.

A caller is also told to close its connection while the process drains, so that it asks another one next.
"""

import asyncio
import logging
import random
import re
import time
from collections.abc import Awaitable, Iterable, Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import answer_unexpected_error
from service.serving.deadline import BEGAN
from service.serving.readiness import Readiness
from service.telemetry.logs import CONTEXT, Fields
from service.telemetry.metrics import Metrics

logger = logging.getLogger("service.access")

ID_HEADER = b"x-request-id"
CLOSE = [(b"connection", b"close")]
# What an id of a caller may be; any other is not taken over.
SANE_ID = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,128}")
# Asked every few seconds by machines: their lines are for whoever debugs.
PROBED_PATHS = frozenset(
    {"/health", "/health/live", "/health/ready", "/metrics", "/v2/health/live", "/v2/health/ready"}
)
# The route of paths that lead nowhere: callers make them up, and each label costs memory for ever.
NO_ROUTE = "none"
LINE = "%(method)s %(path)s %(status)d %(milliseconds)s ms"
LONGEST_PATH = 200  # characters


class Answered(NamedTuple):
    """A request, and what it came to."""

    scope: Scope
    context: Mapping[str, str]
    status: int
    seconds: float


class Observe:
    """ASGI middleware around all others, so that it sees what each request came to.

    What was answered in one turn of the event loop is told of together: one after the other, each would have
    to bring back into the processor's caches what that takes, which is as long again.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, readiness: Readiness) -> None:
        """Wrap an application."""
        self.app = app
        self.metrics = metrics
        self.readiness = readiness
        self._untold: list[Answered] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; name the request before, and tell of it soon after."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = scope[BEGAN] = time.monotonic()  # which is the event loop's time
        request_id = find_id(scope["headers"]) or make_id()
        # Never reset: each request runs in a context of its own, in which the server may log after us.
        CONTEXT.set({**CONTEXT.get(), "request_id": request_id.decode()})
        status: int | None = None

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = (ID_HEADER, request_id), *(CLOSE if self.readiness.draining else ())
                message["headers"] = [*message.get("headers", ()), *told]
            return send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:
            if status is None:  # nothing within has answered: a shortcut or a middleware failed
                response = await answer_unexpected_error(Request(scope), error)
                await response(scope, receive, send_with_id)
            raise  # the server logs it
        finally:
            self._tell_soon(Answered(scope, CONTEXT.get(), status or 500, time.monotonic() - began))

    def _tell_soon(self, answered: Answered) -> None:
        if not self._untold:
            asyncio.get_running_loop().call_soon(self._tell)
        self._untold.append(answered)

    def _tell(self) -> None:
        untold, self._untold = self._untold, []
        for answered in untold:
            CONTEXT.set(answered.context)  # of this call alone, as each of the event loop has its own
            route = answered.scope["route"].path_format if "route" in answered.scope else NO_ROUTE
            self.metrics.observe_request(answered.scope["method"], route, answered.status, answered.seconds)
            log(answered, logging.DEBUG if route in PROBED_PATHS else logging.INFO)


def log(answered: Answered, level: int) -> None:
    """Write the line of a request."""
    if logger.isEnabledFor(level):
        fields = Fields(
            method=answered.scope["method"],
            path=answered.scope["path"][:LONGEST_PATH],
            status=answered.status,
            milliseconds=round(answered.seconds * 1000, 2),
        )
        # Not `logger.log`: it would look for the file and line that called it, for each request anew.
        logger.handle(logger.makeRecord(logger.name, level, "", 0, LINE, (fields,), None))


def make_id() -> bytes:
    """Return an id for a request, which is no secret: asking the system would take three times as long."""
    return b"%016x" % random.getrandbits(64)


def find_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the id that the caller gave its request, if it is fit to be repeated."""
    for name, value in headers:
        if name == ID_HEADER:
            return value if SANE_ID.fullmatch(value) else None
    return None
