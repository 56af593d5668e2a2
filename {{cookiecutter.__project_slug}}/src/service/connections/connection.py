"""One connection of a caller: it is closed unless it brings whole requests, in time and of some size.

uvicorn waits for ever for a request that began or never did, and for answers to be read; it reads a head of
any length, and all requests that are sent before the first is answered.
"""

import asyncio
import json
import logging
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from service.connections.joined_writes import UNREAD_SECONDS, JoinedWrites
from service.middleware.body_limit import TOO_LATE
from service.problems import problem
from service.telemetry.logs import Fields

logger = logging.getLogger("service.access")

# Twice what common servers take for one header; a token, a trace and some cookies fit.
MAX_HEAD_BYTES = 16384
# A byte of a body that comes in chunks of one byte takes six.
MOST_BYTES_FOR_ONE = 6
# Requests of one connection that wait for an answer; each takes some kilobytes, and few clients send two.
MAX_PIPELINED = 64
# Longer than the 60 s of common load balancers, so that it is never us who closes a connection in use.
KEEP_ALIVE_SECONDS = 65
BODY_HEADERS = {b"content-length", b"transfer-encoding"}


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with a time for each request, counted from its first byte or from the start.

    One timer looks now and then whether the time is over, so that a request that comes at once costs nothing.
    """

    url = b""  # as far as it has been received

    def __init__(self, *arguments: Any, receive_seconds: float, most: int, **keywords: Any) -> None:
        """Prepare for a caller, with a time for each request, who is refused beyond so many connections."""
        super().__init__(*arguments, **keywords)
        self.receive_seconds = receive_seconds
        self.most = most
        self._due: float | None = None  # when the request must be whole, or the next one have begun
        self._idle = False
        self._timer: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_bytes = 0  # of this request, beside its body
        self._chunk_bytes = 0  # of which there may be a part of this request, or several
        self._new_bytes = 0  # of the chunk, unless a request has ended in it
        self._refusal = (400, "this cannot be read as a request of HTTP/1.1")

    @property
    def receiving(self) -> bool:
        """Whether a request has begun that the application does not know of yet."""
        return self._in_head

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count, or refuse who is one too many."""
        super().connection_made(transport)
        self.transport = JoinedWrites(transport, self.loop)  # type: ignore[assignment]
        self._expect_request()
        if len(self.connections) > self.most:
            self._refuse(503, f"this process has {self.most} connections, which is the limit: come again")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything."""
        super().connection_lost(exc)
        for timer in (self._timer, self._unread):
            if timer is not None:
                timer.cancel()
        self._due = self._timer = self._unread = None

    def data_received(self, data: bytes) -> None:
        """Read on; refuse a head that has no end."""
        self._expect_request()
        self._chunk_bytes = self._new_bytes = len(data)
        self._head_bytes += len(data)
        # Not uvicorn's: it would log neither the status nor the reason, and advise a library for WebSockets.
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the request is answered as if it did not ask for another protocol
        except httptools.HttpParserError:
            self._refuse(*self._refusal)
        if self._due is not None and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(*HEAD_TOO_LONG)

    def on_message_begin(self) -> None:
        """Take the first byte of a request, which may follow another in one chunk."""
        super().on_message_begin()
        self._expect_request()
        self._in_head = True
        self._head_bytes = self._new_bytes

    def on_headers_complete(self) -> None:
        """Hand the request to the application, unless its head is too long or too many wait."""
        self._in_head = False
        received = max(self._head_bytes, self._chunk_bytes)
        if received > MAX_HEAD_BYTES and self._measure_head() > MAX_HEAD_BYTES:
            self._refusal = HEAD_TOO_LONG
            raise ValueError(HEAD_TOO_LONG)  # ends in HttpParserError
        if self.parser.should_upgrade() and not BODY_HEADERS.isdisjoint(name for name, _ in self.headers):
            # The parser takes what follows for no body, and then for another request.
            self._refusal = (501, "a body cannot come with an upgrade of the protocol: send it over HTTP/1.1")
            raise ValueError(self._refusal)
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = (400, f"more than {MAX_PIPELINED} requests came before the first was answered")
            raise ValueError(self._refusal)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; what may follow it are the headers that end a body in chunks."""
        self._head_bytes = max(0, self._head_bytes - MOST_BYTES_FOR_ONE * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop to count: what comes now takes our time, not the caller's, unless the answer is there."""
        self._due = None
        self._head_bytes = self._new_bytes = 0
        super().on_message_complete()
        if self.cycle.response_complete:
            self._expect_next()

    def eof_received(self) -> None:
        """Close; the event loop would do the same, but wait for ever for who does not read."""
        self.transport.close()

    def pause_writing(self) -> None:
        """Begin to count when answers are not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop to count."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def on_response_complete(self) -> None:
        """Go on with the next request; uvicorn's own would set another timer, for each answer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._due is None:
            self._expect_next()

    def _expect_request(self) -> None:
        """Begin to count, unless a request has begun already."""
        if self._due is None or self._idle:
            self._give(self.receive_seconds)

    def _expect_next(self) -> None:
        """Begin to count for a caller who need not ask again."""
        self._give(KEEP_ALIVE_SECONDS)
        self._idle = True

    def _give(self, seconds: float) -> None:
        self._due = self.loop.time() + seconds
        self._idle = False
        if self._timer is None:
            self._look_later(self._due)

    def _look_later(self, due: float) -> None:
        """Look when the time is over; before that, because a request may begin, and have less of it."""
        soonest = self.loop.time() + min(self.receive_seconds, KEEP_ALIVE_SECONDS)
        self._timer = self.loop.call_at(min(due, soonest), self._look)

    def _look(self) -> None:
        """Cut the caller off if the time is over; look again later if it has been given more."""
        self._timer = None
        if self._due is None or self.transport.is_closing():
            return
        if self._due > self.loop.time():
            self._look_later(self._due)
        else:
            self._cut_off()

    def _cut_off(self) -> None:
        asked = self.cycle if self.cycle and not self.cycle.response_complete else None
        if self.flow.read_paused or (asked and not asked.more_body):
            self._give(self.receive_seconds)  # it is we who are slow
        elif asked and TOO_LATE not in asked.scope:
            # The application is waiting for the rest of the body: wake it up, so that it can say why not.
            asked.scope[TOO_LATE] = self.receive_seconds  # type: ignore[literal-required]
            asked.message_event.set()
            self._give(self.receive_seconds)
        elif asked:
            self.transport.abort()
        elif self._in_head:
            self._refuse(408, f"the request was not received whole within {self.receive_seconds:g} s")
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # whose last answer is not read cannot be closed well
        else:
            self.transport.close()

    def _measure_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer what no application gets to see, tell of it, and close."""
        logger.info("refused with %(status)d: %(reason)s", Fields(status=status, reason=sentence))
        self.app_state["metrics"].count_refused(status)
        if self.cycle is None or self.cycle.response_complete:
            body = json.dumps(problem(self.url.decode("latin-1"), sentence)).encode()
            head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()


HEAD_TOO_LONG = (431, f"the head of the request has more than {MAX_HEAD_BYTES} bytes, the limit here")
