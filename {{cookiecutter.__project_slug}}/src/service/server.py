"""From settings to a running server, and back to nothing; with `connection.py` all that knows uvicorn.

How it stops: SIGTERM turns readiness to 503 and makes every response close its connection, while
requests are answered as before. When none has come for a moment, or half of the drain time is over,
nobody is let in any more, what was accepted is answered, and the process leaves; whatever is not
answered when the drain time is over is cut off. A second signal ends the process at once.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from functools import partial
from itertools import chain
from types import FrameType
from typing import cast

import uvicorn

from service.app import create_app
from service.connections.connection import Connection
from service.connections.listening import accept_all, listen, make_room, turn_newcomers_away
from service.leaving import leave
from service.serving.readiness import Readiness
from service.settings import Settings
from service.telemetry import logs

logger = logging.getLogger(__name__)

# A client that keeps its connection may be about to use it; this long without a request counts as idle.
QUIET_SECONDS = 0.3
# For those who are at the door when it closes: the way there and back of the slowest of them.
HANDSHAKE_SECONDS = 0.2


class Server(uvicorn.Server):
    """uvicorn's server, which leaves when there is no model, and drains before it stops."""

    def __init__(self, settings: Settings) -> None:
        """Prepare everything; nothing listens yet."""
        self.readiness = Readiness()
        self.drain_seconds = settings.drain_seconds
        self._stopping = False
        self._deadline = float("inf")
        self._last_busy = time.monotonic()
        self._requests_seen = 0
        connection = partial(Connection, receive_seconds=settings.receive_timeout_seconds, most=make_room())
        super().__init__(
            uvicorn.Config(
                create_app(settings, self.readiness),
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                http=connection,  # type: ignore[arg-type]
                lifespan="on",
                ws="none",
                server_header=False,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain on the first signal, leave at once on the second."""
        if self._stopping:
            os._exit(128 + sig)
        self._stopping = True
        self._deadline = time.monotonic() + self.drain_seconds
        self.readiness.drain()

    async def on_tick(self, counter: int) -> bool:
        """Say ten times a second whether to stop listening."""
        if await super().on_tick(counter) or self.readiness.failure is not None:
            return True
        return self.readiness.draining and (self._quiet() or self._remaining() < self.drain_seconds / 2)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer what was accepted, then let uvicorn close what is left."""
        self._deadline = min(self._deadline, time.monotonic() + self.drain_seconds)
        loop = asyncio.get_running_loop()
        # In the turn after, so that what has been answered by then is told of.
        loop.call_later(self._remaining(), loop.call_soon, self._cut_off)
        await self._stop_listening()
        while self.server_state.connections and not self._quiet():
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)

    def _cut_off(self) -> None:
        """Leave although requests are unanswered: a thread that computes cannot be cancelled."""
        lost = sum(not task.done() for task in self.server_state.tasks)
        if lost:
            logger.error("%d requests were cut off: they took longer than DRAIN_SECONDS", lost)
        leave(1 if lost or self.readiness.failure else 0, self.readiness.failure)

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()

    def _quiet(self) -> bool:
        """Whether no request is being received or answered, and none has come for a moment."""
        state = self.server_state
        receiving = any(cast(Connection, connection).receiving for connection in state.connections)
        if receiving or state.tasks or state.total_requests != self._requests_seen:
            self._requests_seen = state.total_requests
            self._last_busy = time.monotonic()
        return time.monotonic() - self._last_busy >= QUIET_SECONDS

    async def _stop_listening(self) -> None:
        """Close the listening sockets without resetting anybody who asks for a connection."""
        loop = asyncio.get_running_loop()
        for listener in chain.from_iterable(server.sockets for server in self.servers):
            with contextlib.suppress(OSError):  # no filter is granted: one in some ten thousand may be reset
                turn_newcomers_away(listener)
        await asyncio.sleep(HANDSHAKE_SECONDS)
        for server in self.servers:
            listeners = [listener.dup() for listener in server.sockets]
            server.close()
            for connection in chain.from_iterable(map(accept_all, listeners)):
                await loop.connect_accepted_socket(self._create_protocol, connection)
        self._last_busy = time.monotonic()  # who has just been let in is about to ask

    def _create_protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def run(settings: Settings) -> str | None:
    """Serve until told to stop; return why there was nothing to serve, if so.

    Raises `SettingsError` if the address cannot be listened on, or the API key not be read.
    """
    logs.configure(settings)
    server = Server(settings)
    listener = listen(settings.host, settings.port)
    logger.info("listening on %s port %d", settings.host, settings.port)
    if settings.api_key_file is None:
        logger.warning("API_KEY_FILE is not set: whoever reaches the port may ask the model")
    server.run([listener])
    return server.readiness.failure
