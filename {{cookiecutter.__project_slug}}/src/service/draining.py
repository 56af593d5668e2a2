"""Leaving without losing a request: each response of a stopping process closes its connection."""

from collections.abc import Awaitable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.readiness import Readiness


class CloseWhileDraining:
    """ASGI middleware that sends keep-alive clients elsewhere once the process is draining."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        """Wrap an application."""
        self.app = app
        self.readiness = readiness

    # Neither is a coroutine itself, because each costs time for each message of each request.
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass everything on; add `connection: close` to a response that starts while draining."""

        def send_and_close(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start" and self.readiness.draining:
                MutableHeaders(scope=message)["connection"] = "close"
            return send(message)

        return self.app(scope, receive, send_and_close if scope["type"] == "http" else send)
