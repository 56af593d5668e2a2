"""The load client: every request is counted once, by how it ended."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

import load
import pytest
from load import Load, Result, make_request, run_load, run_probe

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows refuses and queues connections in its own way"
)
REQUEST = make_request("POST", "/ask", b"{}", x_extra="1")
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
HOST = "127.0.0.1"

# Returns the answer to the n-th request of a connection; None closes it without an answer.
Script = Callable[[int], bytes | None]


class Server:
    """Answers as the script says, and counts requests and connections."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests = self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = 0
        try:
            while await reader.readexactly(len(REQUEST)):
                self.requests += 1
                answer = self.script(number)
                number += 1
                for start in range(0, len(answer or b""), 9):  # in pieces, as from a network
                    writer.write(answer[start : start + 9])
                    await asyncio.sleep(0)
                if answer is None or b"close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self):
        server = await asyncio.start_server(self, HOST, 0)
        async with server:
            yield server.sockets[0].getsockname()[1]


def ask(script: Script, seconds: float = 0.2, **options) -> tuple[Result, Server]:
    async def run() -> Result:
        async with server.listening() as port:
            return await run_load(HOST, port, REQUEST, 3, seconds, **options)

    server = Server(script)
    return asyncio.run(run()), server


def test_every_answer_is_counted_by_its_status() -> None:
    result, server = ask(lambda number: BUSY if number % 2 else OK)
    assert result.statuses.keys() == {200, 503}
    assert result.statuses.total() == server.requests == len(result.latencies)
    assert (server.connections, result.lost, result.refused) == (3, {}, 0)
    assert result.seconds >= 0.2


def test_a_connection_that_the_server_announces_to_close_is_no_loss() -> None:
    result, server = ask(lambda number: LAST if number == 4 else OK)
    assert server.connections > 3
    assert result.statuses == {200: server.requests}
    assert not result.lost


def test_a_connection_that_closes_without_an_answer_is_a_loss() -> None:
    result, server = ask(lambda number: None if number == 4 else OK)
    assert result.lost == {"closed": server.requests - result.statuses.total()}
    assert result.lost.total() >= 3


def test_half_an_answer_is_a_loss() -> None:
    result, server = ask(lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{}")
    assert not result.statuses
    assert result.lost == {"closed": server.requests}


def test_bytes_after_the_answer_are_a_loss() -> None:
    result, server = ask(lambda _: OK + OK)
    assert result.lost["more came than one answer"] + result.statuses.total() == server.requests
    assert result.lost.total()


def test_answers_that_the_check_rejects_are_wrong() -> None:
    result, _ = ask(lambda number: BUSY if number % 2 else OK, check=lambda _, body: body == b"{}")
    assert result.wrong == result.statuses[503] > 0


def test_an_answer_that_does_not_come_is_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.1)
    result, server = ask(lambda _: b"")
    assert result.lost == {"no answer within 0 s": server.requests}
    assert server.requests >= 3


def test_a_refused_client_tries_again_or_stops() -> None:
    async def run(leave: bool) -> Result:
        async with Server(lambda _: OK).listening() as port:
            pass  # nothing listens on the port any more
        return await run_load(HOST, port, REQUEST, 2, 0.3, leave_when_refused=leave)

    assert asyncio.run(run(leave=True)).refused == 2
    patient = asyncio.run(run(leave=False))
    assert patient.refused > 4
    assert not patient.statuses
    assert not patient.lost


def test_a_load_that_is_stopped_waits_for_its_last_answers() -> None:
    async def run() -> Result:
        async with server.listening() as port:
            client = Load(HOST, port, REQUEST, 3)
            running = asyncio.create_task(client.run())
            await asyncio.sleep(0.1)
            client.stop()
            return await running

    server = Server(lambda _: OK)
    result = asyncio.run(run())
    assert result.statuses == {200: server.requests}
    assert not result.lost


def test_a_probe_asks_at_its_own_pace() -> None:
    async def run() -> Result:
        async with server.listening() as port:
            return await run_probe(HOST, port, REQUEST, 0.2, every=0.02)

    server = Server(lambda _: LAST)
    result = asyncio.run(run())
    assert result.statuses == {200: 10}
    assert server.connections == 10
    server.script = lambda _: None
    assert asyncio.run(run()).lost == {"IncompleteReadError": 10}


def test_a_quantile_is_a_latency_that_was_measured() -> None:
    result = Result(latencies=[0.004, 0.001, 0.002, 0.003])
    assert [result.quantile(share) for share in (0.01, 0.5, 0.51, 1)] == [0.001, 0.002, 0.003, 0.004]


def test_as_a_program_it_needs_nothing_but_its_own_source() -> None:
    async def run(**given: object) -> dict:
        async with Server(lambda _: OK).listening() as port:
            given |= {"host": HOST, "port": port, "request": REQUEST.decode(), "seconds": 0.1}
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-", json.dumps(given), stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            answer, _ = await program.communicate(Path(load.__file__).read_bytes())
            return json.loads(answer)

    loaded = asyncio.run(run(connections=2))
    assert loaded["statuses"].keys() == {"200"}
    assert 0 < loaded["p50_ms"] <= loaded["p99_ms"] <= loaded["max_ms"]
    assert asyncio.run(run(every=0.05))["statuses"] == {"200": 2}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes 0 for the longest queue that it has")
def test_a_connection_that_is_never_accepted_counts_as_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "HANDSHAKE", 0.1)
    with socket.create_server((HOST, 0), backlog=0) as listener:  # room for one, and nothing accepts it
        port = listener.getsockname()[1]
        with socket.create_connection((HOST, port)):
            assert asyncio.run(run_load(HOST, port, REQUEST, 2, 0.2, leave_when_refused=True)).refused == 2
            assert asyncio.run(run_probe(HOST, port, REQUEST, 0.1, every=0.05)).refused == 2
