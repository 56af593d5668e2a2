"""A load client: connections send the same request again and again; each request is counted by how it ended.

From Python, use `await run_load(...)`, or run a `Load` in a task or thread and stop it. `await
run_probe(...)` sends requests at a fixed pace, however long the answers take. As a program, also in a
container that has nothing but Python, use `python - JSON < load.py`: the JSON object holds the parameters of
`run_load`, or of `run_probe` if it has `every`. It prints `Result.summary()`.
"""

import asyncio
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

# Seconds after which a request counts as lost, and a connection attempt as refused.
PATIENCE, HANDSHAKE = 30.0, 5.0
# Seconds until a refused connection is tried again, and between two checks for lost requests.
RETRY, LOOK = 0.05, 0.1

Check = Callable[[int, bytes], bool]


def make_request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of a request; a header's name is written with `_` for `-`."""
    fields = {"host": "service", "content-type": "application/json"} | headers
    fields["content-length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Result:
    """How every request and every connection ended."""

    statuses: Counter[int] = field(default_factory=Counter)
    """How many complete answers came with each status."""
    wrong: int = 0
    """How many of these answers the check rejected."""
    lost: Counter[str] = field(default_factory=Counter)
    """Requests that were sent and got no complete answer, by what happened."""
    refused: int = 0
    """Connections that were not accepted; nothing was sent on them."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from each request to its complete answer; for a probe, connecting is included."""
    seconds: float = 0
    """From the first connection to the last answer."""

    def quantile(self, share: float) -> float:
        """Return the seconds within which this share of the answers came, or NaN if none came."""
        ordered = sorted(self.latencies)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan

    def summary(self) -> dict[str, Any]:
        """Return the result as JSON can hold it, with times in milliseconds."""
        quantiles = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
        times = {name: round(self.quantile(share) * 1000, 3) for name, share in quantiles.items()}
        return {
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "wrong": self.wrong,
            "lost": dict(self.lost),
            "refused": self.refused,
            "seconds": round(self.seconds, 3),
            "rate": round(self.statuses.total() / self.seconds, 1) if self.seconds else 0,
            **(times if self.latencies else dict.fromkeys(times)),
        }


class Connection(asyncio.Protocol):
    """One connection: sends a request, reads the answer, and repeats until either side stops."""

    def __init__(self, load: "Load") -> None:
        """Remember the load that this connection is part of."""
        self.load = load
        self.asked_at = math.inf  # while there is no request unanswered
        self.ended = asyncio.get_running_loop().create_future()
        self._received = b""
        self._reason = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self.asked_at = time.perf_counter()
        self._transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        """Count an answer once it is complete, then send the next request."""
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        status, length, closes = read_head(head)
        if len(body) > length:
            self.give_up("more came than one answer")
        elif len(body) == length:
            self._received = b""
            self.load.count(status, body, time.perf_counter() - self.asked_at)
            self.asked_at = math.inf
            if closes or self.load.stopping:
                self._transport.close()
            else:
                self._ask()

    def give_up(self, reason: str) -> None:
        """Abort the connection; its request is lost."""
        self._reason = reason
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the request that was not answered, if any."""
        if self.asked_at != math.inf:
            self.load.result.lost[self._reason or (type(exc).__name__ if exc else "closed")] += 1
        self.ended.set_result(None)


def read_head(head: bytes) -> tuple[int, int, bool]:
    """Return the status, the length of the body, and whether the server closes the connection."""
    first, *lines = head.lower().split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines if b": " in line)
    return int(first[9:12]), int(fields.get(b"content-length", 0)), fields.get(b"connection") == b"close"


@dataclass
class Load:
    """Connections that each have one request under way; closed ones connect again."""

    host: str
    port: int
    request: bytes
    connections: int
    check: Check | None = None
    """Tells whether an answer is right, from its status and body."""
    leave_when_refused: bool = False
    """Whether a client stops when its connection is refused, instead of trying again."""
    result: Result = field(default_factory=Result)
    stopping: bool = False
    _open: set[Connection] = field(default_factory=set)

    def stop(self) -> None:
        """Send no more requests; `run` returns after the last answer. May be called from any thread."""
        self.stopping = True

    async def run(self, seconds: float = math.inf) -> Result:
        """Send requests until the time is over, `stop` is called, or every client has stopped."""
        began = time.perf_counter()
        clients = {asyncio.create_task(self._keep_asking()) for _ in range(self.connections)}
        while clients:
            left = began + seconds - time.perf_counter()
            done, clients = await asyncio.wait(clients, timeout=min(LOOK, left) if left > 0 else LOOK)
            for client in done:
                client.result()
            if time.perf_counter() - began >= seconds:
                self.stop()
            self._give_up_hopeless()
        self.result.seconds = time.perf_counter() - began
        return self.result

    async def _keep_asking(self) -> None:
        """Be one client, with as many connections as it takes."""
        loop = asyncio.get_running_loop()
        while not self.stopping:
            connecting = loop.create_connection(lambda: Connection(self), self.host, self.port)
            try:
                _, connection = await asyncio.wait_for(connecting, HANDSHAKE)
            except OSError:
                self.result.refused += 1
                if self.leave_when_refused:
                    return
                await asyncio.sleep(RETRY)
            else:
                self._open.add(connection)
                await connection.ended
                self._open.remove(connection)

    def _give_up_hopeless(self) -> None:
        for connection in list(self._open):
            if time.perf_counter() - connection.asked_at > PATIENCE:
                connection.give_up(f"no answer within {PATIENCE:.0f} s")

    def count(self, status: int, body: bytes, latency: float) -> None:
        """Count an answer."""
        self.result.statuses[status] += 1
        self.result.latencies.append(latency)
        if self.check and not self.check(status, body):
            self.result.wrong += 1


async def run_load(
    host: str,
    port: int,
    request: bytes,
    connections: int,
    seconds: float,
    *,
    check: Check | None = None,
    leave_when_refused: bool = False,
) -> Result:
    """Send requests over this many connections for this long; return how they ended."""
    return await Load(host, port, request, connections, check, leave_when_refused).run(seconds)


async def run_probe(host: str, port: int, request: bytes, seconds: float, every: float = 0.02) -> Result:
    """Send a request on a new connection every few milliseconds, without waiting for earlier answers."""
    result = Result()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(round(seconds / every)):
            await asyncio.sleep(began + number * every - time.perf_counter())
            group.create_task(ask_once(host, port, request, result))
    result.seconds = time.perf_counter() - began
    return result


async def ask_once(host: str, port: int, request: bytes, result: Result) -> None:
    """Send one request on a new connection and count how it ended."""
    began = time.perf_counter()
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), HANDSHAKE)
    except OSError:
        result.refused += 1
        return
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(request)
            status, length, _ = read_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
            await reader.readexactly(length)
            result.statuses[status] += 1
            result.latencies.append(time.perf_counter() - began)
    except (OSError, EOFError) as error:
        result.lost[type(error).__name__] += 1
    finally:
        writer.close()


def main() -> None:
    """Run what the command line says and print the result."""
    given = json.loads(sys.argv[1])
    given["request"] = given["request"].encode("latin-1")
    work = run_probe(**given) if "every" in given else run_load(**given)
    try:
        import uvloop
    except ImportError:
        result = asyncio.run(work)
    else:
        result = uvloop.run(work)
    sys.stdout.write(json.dumps(result.summary()))


if __name__ == "__main__":
    main()
