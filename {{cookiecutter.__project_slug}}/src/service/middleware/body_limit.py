"""No request may fill the memory, nor may all together: bodies are refused as soon as they are too much."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Whoever serves a connection puts this key into a request's scope, with the seconds, to have it refused
# because the body does not come in time.
TOO_LATE = "service.too_late"


class LimitBody:
    """ASGI middleware that refuses bodies: one of too many bytes, one too many, one that comes too late."""

    def __init__(self, app: ASGIApp, max_bytes: int, max_total_bytes: int) -> None:
        """Wrap an application; one request may send the one, all together the other, but always one."""
        self.app = app
        self.max_bytes = max_bytes
        self.max_total_bytes = max(max_bytes, max_total_bytes)
        self.held = 0  # bytes that were received and are not answered yet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but count what is received."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = int(dict(scope["headers"]).get(b"content-length", 0))
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            self._check(announced)
            message = await receive()
            size = len(message.get("body", b""))
            received += size
            self.held += size
            self._check(received)
            if TOO_LATE in scope:
                raise too_late(scope[TOO_LATE])
            return message

        try:
            await self.app(scope, receive_some, send)
        finally:
            self.held -= received

    def _check(self, size: int) -> None:
        # Not errors of ours: FastAPI, which is reading the body, lets only this kind through.
        if size > self.max_bytes:
            raise HTTPException(
                413, f"the body has more than {self.max_bytes} bytes, which is the limit here"
            )
        if self.held > self.max_total_bytes:
            raise HTTPException(
                503,
                f"requests with {self.max_total_bytes} bytes are being answered, which is the limit here",
                {"retry-after": "1"},
            )


def too_late(seconds: float) -> HTTPException:
    """Return what to answer when a body has not come after so many seconds."""
    sentence = f"the request was not received whole within {seconds:g} s"
    return HTTPException(408, sentence, {"connection": "close"})
