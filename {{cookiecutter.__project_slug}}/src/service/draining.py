"""Leaving without losing a request: each response of a stopping process closes its connection."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.readiness import Readiness


class CloseWhileDraining:
    """ASGI middleware that sends keep-alive clients elsewhere once the process is draining."""

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        """Wrap an application."""
        self.app = app
        self.readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; add `connection: close` to a response that starts while draining."""

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self.readiness.draining:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self.app(scope, receive, send_and_close if scope["type"] == "http" else send)
