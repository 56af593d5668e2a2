"""Graceful shutdown: no request is lost.

On SIGTERM, readiness answers 503 and responses ask to close connections, while requests are answered for at
least DRAIN_SECONDS. Then uvicorn answers its last requests and exits; new connections wait, and are refused.
"""

import asyncio
import os
import select
import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from service.readiness import Readiness, State
from service.settings import Settings

SIGNALS = (signal.SIGTERM, signal.SIGINT)
QUIET_SECONDS = 0.3  # after so long without a request, connections that are still open are idle
CANCEL_SECONDS = 1  # for uvicorn to cancel requests that take longer, and half a second more to exit
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 37\r\n"
    b'retry-after: 1\r\nconnection: close\r\n\r\n{"detail": "the service is stopping"}'
)


@asynccontextmanager
async def graceful_shutdown(
    settings: Settings, readiness: Readiness, listener: socket.socket | None
) -> AsyncIterator[None]:
    """Drain on SIGTERM or SIGINT, then call the server's own handler; exit at once on the second signal.

    Without a listener, as under the command `uvicorn`, the last connections may be reset.
    """
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []

    async def stop(number: int) -> None:
        last_resort = threading.Timer(settings.shutdown_seconds, os._exit, [1])
        last_resort.daemon = True
        last_resort.start()
        deadline = loop.time() + settings.shutdown_seconds - CANCEL_SECONDS - 0.5
        if readiness.state is not State.FAILED:
            readiness.drain()
            await asyncio.sleep(settings.drain_seconds)
            refusals = [refuse(connection) for connection in close_queue(listener)] if listener else []
            await asyncio.gather(readiness.wait_until_quiet(QUIET_SECONDS, deadline), *refusals)
        for each, handler in server_handlers.items():
            loop.remove_signal_handler(each)
            signal.signal(each, handler)
        server_handlers[number](number, None)

    def handle(number: int) -> None:
        if stopping:
            os._exit(128 + number)
        stopping.append(loop.create_task(stop(number)))

    server_handlers: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    # Elsewhere, as on Windows and in the threads of tests, the server's own handlers stay.
    with suppress(NotImplementedError, ValueError, RuntimeError):
        for number in SIGNALS:
            loop.add_signal_handler(number, handle, number)
    yield


def close_queue(listener: socket.socket) -> list[socket.socket]:
    """Stop accepting connections; return those that the kernel has accepted and the server has not.

    With a backlog of 0, Linux keeps one connection in the queue and ignores new ones. We fill this last place
    with our own connection, so no client is in the queue when the listener closes.
    """
    asyncio.get_running_loop().remove_reader(listener)  # the server stops accepting
    listener.listen(0)
    accepted: list[socket.socket] = []
    for _ in range(1000):  # clients may be quicker than the place holder
        with suppress(BlockingIOError):
            while True:
                accepted.append(listener.accept()[0])
        place_holder = socket.socket(listener.family)
        place_holder.setblocking(False)
        place_holder.connect_ex(listener.getsockname())
        if select.select([], [place_holder], [], 0)[1]:
            place_holder.detach()  # open until the process exits
            break
        place_holder.close()
    return accepted


async def refuse(connection: socket.socket) -> None:
    """Answer 503 to a connection that the server did not accept."""
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(sock=connection)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(REFUSAL)
            writer.write_eof()
            await reader.read()  # closing with unread data would reset the connection
            writer.close()
