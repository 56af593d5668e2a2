"""No request may fill the memory: a body is refused as soon as it is known to be too large."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LimitBody:
    """ASGI middleware that answers 413 to a body of more than so many bytes, before it is read."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap an application."""
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but count what is received."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = int(Headers(scope=scope).get("content-length", "0"))
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            self._check(announced)
            message = await receive()
            received += len(message.get("body", b""))
            self._check(received)
            return message

        await self.app(scope, receive_some, send)

    def _check(self, size: int) -> None:
        # Not an error of ours: FastAPI, which is reading the body, lets only this kind through.
        if size > self.max_bytes:
            raise HTTPException(
                413, f"the body has more than {self.max_bytes} bytes, which is the limit here"
            )
