"""Middleware: request ids, the access log, metrics, and limits of the body."""

import asyncio
import logging
import random
import re
import time

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import metrics
from service.errors import TOO_LARGE
from service.logs import REQUEST_ID
from service.readiness import Readiness

logger = logging.getLogger("service.access")

VALID_ID = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,128}")
# Probes come every few seconds: their lines are for debugging.
PROBES = ("/health/live", "/health/ready", "/metrics")


class ObserveRequests:
    """Outermost ASGI middleware; while the service drains, it asks clients to close connections."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        self.app = app
        self.readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = time.monotonic()
        request_id = dict(scope["headers"]).get(b"x-request-id", b"")
        if not VALID_ID.fullmatch(request_id):
            request_id = b"%016x" % random.getrandbits(64)
        REQUEST_ID.set(request_id.decode())
        status = 500
        self.readiness.requests += 1

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
                if self.readiness.is_draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            self.readiness.requests -= 1
            self.readiness.last_request = time.monotonic()  # the clock of the event loop
            observe(scope, status, self.readiness.last_request - started)


class CheckBodyHeaders:
    """ASGI middleware that refuses compressed bodies, and those whose content-length is too large."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.parsing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = self.find_error(dict(scope["headers"])) if scope["type"] == "http" else None

        async def receive_in_turn() -> Message:
            message = await receive()
            if len(message.get("body", b"")) > 10_000:
                async with self.parsing:  # one per turn of the event loop, so that others are answered too
                    await asyncio.sleep(0)
            return message

        app = self.app
        if error is not None:
            app = await scope["app"].exception_handlers[HTTPException](Request(scope), error)
        await app(scope, receive_in_turn, send)

    def find_error(self, headers: dict[bytes, bytes]) -> HTTPException | None:
        """Return the error to answer with, if any."""
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            return HTTPException(415, "compressed bodies are not read: send it without content-encoding")
        length = headers.get(b"content-length", b"0").lstrip(b"0") or b"0"
        if len(length) > 18 or (length.isdigit() and int(length) > self.max_body_bytes):
            return HTTPException(413, TOO_LARGE)
        return None


def observe(scope: Scope, status: int, seconds: float) -> None:
    """Count a request and write its line to the access log."""
    route = getattr(scope.get("route"), "path", "none")  # not the path: clients could invent endless labels
    metrics.REQUESTS.labels(scope["method"], route, status).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    level = logging.DEBUG if route.endswith(PROBES) else logging.INFO
    if logger.isEnabledFor(level):
        path = scope["raw_path"][:200].decode("ascii", errors="backslashreplace")
        logger.log(level, "%s %s %d %.1f ms", scope["method"], path, status, seconds * 1000)
