"""The engine that generates text: llama.cpp's server, or another that speaks OpenAI's API.

It works on ENGINE_SLOTS requests at once; others wait in a bounded queue. Until the first token, a failure is
a status. After that the status is sent, and a failure is the last event of the stream.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from fastapi import Request
from starlette.exceptions import HTTPException

from service import metrics
from service.errors import EngineError, UnavailableError
from service.settings import Settings, SettingsError

logger = logging.getLogger(__name__)
logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each request is in the access log already

# The body of a request, as in OpenAI's API.
Payload = dict[str, Any]

PATH = "/v1/chat/completions"
CONNECT_SECONDS = 2
USAGE = re.compile(r'"usage":\s*{')
HEALTH_SECONDS = 5  # between two health checks of the engine
RETRY_SECONDS = 0.5  # the same while it is not ready


class Engine:
    """The engine, its slots, and the queue in front of them."""

    def __init__(self, settings: Settings, on_change: Callable[[str | None], None]) -> None:
        """`on_change` gets the reason why the engine is not ready, or None when it is."""
        self.settings = settings
        self._on_change = on_change
        self._slots = asyncio.Semaphore(settings.engine_slots)
        self._waiting = 0
        self._was_reached = False
        # No connection is kept: the engine may have restarted, and a new one takes 0.2 ms.
        self.client = httpx2.AsyncClient(
            base_url=str(settings.engine_url),
            headers=read_authorization(settings.engine_api_key_file),
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    async def watch(self, fail: Callable[[str], None]) -> None:
        """Check the engine again and again, until cancelled; give up if it does not answer at the start.

        llama.cpp's server answers that it is not ready while it loads its model, and exits if it cannot find
        it. An engine that refuses connections while it loads needs a larger ENGINE_START_SECONDS.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.engine_start_seconds
        while True:
            problem = await self.find_problem()
            if problem and not self._was_reached and loop.time() > deadline:
                fail(f"{problem}; see the log of the engine")
                return
            self._on_change(problem)
            await asyncio.sleep(RETRY_SECONDS if problem else HEALTH_SECONDS)

    async def find_problem(self) -> str | None:
        """Return why the engine is not ready, if so."""
        try:
            answer = await self.client.get(self.settings.engine_health_path, timeout=CONNECT_SECONDS)
        except httpx2.HTTPError as error:
            return self._describe(error)
        self._was_reached = True
        return None if answer.status_code == 200 else f"the engine is not ready: {describe(answer.content)}"

    def fail(self, error: httpx2.HTTPError) -> UnavailableError:
        """Note that the engine is not ready, and return the error for clients."""
        self._on_change(self._describe(error))
        return UnavailableError("the engine does not answer: try again later")

    def _describe(self, error: httpx2.HTTPError) -> str:
        url, reason = self.settings.engine_url, str(error) or type(error).__name__
        return f"the engine at {url.scheme}://{url.host}:{url.port} does not answer: {reason}"

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it; raise `UnavailableError` at once if too many wait."""
        if self._slots.locked() and self._waiting >= self.settings.max_queue_size:
            metrics.REJECTED.labels("queue_full").inc()
            raise UnavailableError(f"{self._waiting} requests wait for the engine: try again later")
        self._waiting += 1
        try:
            with metrics.QUEUE_REQUESTS.track_inprogress():
                await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            with metrics.RUNNING_REQUESTS.track_inprogress():
                yield
        finally:
            self._slots.release()


class Generation:
    """One request to the engine, in its own task; `close` stops it at once."""

    def __init__(self, engine: Engine, payload: Payload, request: Request, deadline: float) -> None:
        """`request` is the client's; the deadline is in the event loop's time."""
        self._engine = engine
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._events: asyncio.Queue[str | HTTPException | None] = asyncio.Queue()
        self._first: str | None = None
        self._task = asyncio.create_task(self._run(payload, deadline))

    async def begin(self) -> None:
        """Wait for the first event.

        Raises `UnavailableError` if the queue is full or the engine does not answer, `EngineError` if it
        refuses or fails, and `HTTPException` with 504 after the deadline, or with nginx's 499 for the log if
        the client disconnected.
        """
        seconds = self._engine.settings.first_token_seconds
        self._first = await self._unless_disconnected(self._next(), seconds)
        if self._first is None:
            raise EngineError(502, "the engine sent no answer")
        metrics.FIRST_TOKEN_SECONDS.observe(self._loop.time() - self._started)

    async def events(self) -> AsyncIterator[str]:
        """Give the data of each event, from the first one on; raise `HTTPException` if the engine fails."""
        try:
            while self._first is not None:
                yield self._first
                self._first = await self._next()
        finally:
            self.close()

    async def whole(self) -> dict[str, Any]:
        """Return the answer when it is complete; raise what `begin` raises."""
        try:
            return await self._unless_disconnected(self._join())
        except (AttributeError, KeyError, TypeError, ValueError):
            raise EngineError(502, "the engine's answer cannot be read") from None

    def close(self, reason: str = "disconnected") -> None:
        """End the request, so that the engine stops generating; the reason is for the metrics."""
        if not self._task.done() and not self._task.cancelling():
            metrics.REJECTED.labels(reason).inc()
            self._task.cancel()

    async def _join(self) -> dict[str, Any]:
        """Join the chunks of a stream to one answer."""
        answer: dict[str, Any] = {}
        message = {"role": "assistant", "content": ""}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": None}
        async for event in self.events():
            chunk = json.loads(event)
            answer |= {name: value for name, value in chunk.items() if name != "choices"}
            for part in chunk["choices"]:
                for name, text in part["delta"].items():
                    if name != "role" and isinstance(text, str):
                        message[name] = message.get(name, "") + text
                choice["finish_reason"] = part["finish_reason"] or choice["finish_reason"]
                if logprobs := part.get("logprobs"):
                    choice.setdefault("logprobs", {"content": []})["content"] += logprobs["content"]
        return answer | {"object": "chat.completion", "choices": [choice]}

    async def _unless_disconnected[T](
        self, awaitable: Coroutine[Any, Any, T], seconds: float | None = None
    ) -> T:
        """Wait for a result, for some seconds at most; close if none comes or the client disconnects."""
        wanted = asyncio.create_task(awaitable)
        disconnected = asyncio.create_task(wait_for_disconnect(self._request))
        try:
            tasks = (wanted, disconnected)
            done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if wanted in done:
                return wanted.result()
            if disconnected in done:
                raise HTTPException(499, "the client disconnected")
            self.close("deadline")
            raise HTTPException(504, "the first token did not come within FIRST_TOKEN_SECONDS")
        except asyncio.CancelledError:  # by the server, because SHUTDOWN_SECONDS are over
            self.close()
            raise UnavailableError("the service is stopping") from None
        except BaseException:
            self.close()
            raise
        finally:
            wanted.cancel()
            disconnected.cancel()

    async def _next(self) -> str | None:
        event = await self._events.get()
        if isinstance(event, HTTPException):
            raise event
        return event

    async def _run(self, payload: Payload, deadline: float) -> None:
        """Put the engine's events into the queue, then None or the error."""
        try:
            async with asyncio.timeout_at(deadline), self._engine.slot():
                await self._send(payload)
            self._events.put_nowait(None)
        except HTTPException as error:
            self._events.put_nowait(error)
        except httpx2.HTTPError as error:
            metrics.REJECTED.labels("engine").inc()
            self._events.put_nowait(self._engine.fail(error))
        except TimeoutError:
            metrics.REJECTED.labels("deadline").inc()
            self._events.put_nowait(HTTPException(504, "the answer did not end before the deadline"))
        except Exception:
            logger.exception("the engine's answer cannot be read")
            self._events.put_nowait(EngineError(502, "the engine's answer cannot be read"))

    async def _send(self, payload: Payload) -> None:
        # Always as a stream: the engine then stops when the client disconnects.
        payload = payload | {"stream": True, "stream_options": {"include_usage": True}}
        body = json.dumps(payload)  # ASCII: a lone surrogate cannot be encoded as UTF-8
        headers = {"content-type": "application/json"}
        async with self._engine.client.stream("POST", PATH, content=body, headers=headers) as answer:
            if answer.status_code != 200:
                reason = f"the engine refuses the request: {describe(await answer.aread())}"
                if answer.status_code in {429, 503}:
                    raise UnavailableError(reason)
                raise EngineError(400 if answer.status_code == 400 else 502, reason)
            began, is_complete = 0.0, False
            async for line in answer.aiter_lines():
                kind, _, data = line.partition(":")
                if kind == "error":
                    raise EngineError(502, f"the engine failed: {describe(data.encode())}")
                if kind == "data" and data.strip() == "[DONE]":
                    is_complete = True
                elif kind == "data":
                    began = began or self._loop.time()
                    if USAGE.search(data):
                        count_tokens(json.loads(data)["usage"], self._loop.time() - began)
                    self._events.put_nowait(data.strip())
            if not is_complete:
                raise EngineError(502, "the engine ended its answer too early")


def count_tokens(usage: dict[str, int], seconds: float) -> None:
    """Count the tokens of an answer that took so long after its first token."""
    tokens = usage["completion_tokens"]
    metrics.TOKENS.labels("in").inc(usage["prompt_tokens"])
    metrics.TOKENS.labels("out").inc(tokens)
    if tokens > 1 and seconds > 0:
        metrics.TOKENS_PER_SECOND.observe((tokens - 1) / seconds)


def describe(body: bytes) -> str:
    """Return the message of an error of the engine, on one line."""
    try:
        text = str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        text = body.decode(errors="replace") or "no reason given"
    # A lone surrogate, which JSON can escape, cannot be encoded as UTF-8.
    return " ".join(text.split())[:300].encode(errors="replace").decode()


def read_authorization(file: Path | None) -> dict[str, str]:
    """Return the header with the engine's key, if any; raise `SettingsError` if it cannot be read."""
    try:
        return {"authorization": f"Bearer {file.read_text('ascii').strip()}"} if file else {}
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"ENGINE_API_KEY_FILE {str(file)!r} cannot be read: {error}") from None


async def wait_for_disconnect(request: Request) -> None:
    """Wait until the client disconnects."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
