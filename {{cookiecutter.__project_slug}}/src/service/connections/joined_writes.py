"""The head and the body of an answer go out together: one call of the system, and one packet."""

import asyncio
from typing import Any

# Bytes from which on a call of the system is little, and a copy is not.
LARGE = 65536
# For a caller to take what it has asked for.
UNREAD_SECONDS = 65


class JoinedWrites:
    """A transport's side that uvicorn writes to; two writes of one turn of the event loop become one.

    A head without its body, as that of a stream, goes out at the end of the turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Write to a transport."""
        self._transport = transport
        self._loop = loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        """Return what the transport has: all but writing is its own."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Hold this back if nothing is; write what is held and this."""
        if len(data) >= LARGE:
            self._flush()
            self._transport.write(data)
        elif self._held:
            data, self._held = self._held + data, b""
            self._transport.write(data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what is held, and close the connection once it is gone; do not wait for ever for that."""
        self._flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(UNREAD_SECONDS, self._transport.abort)

    def _flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)
