import asyncio
from collections.abc import Callable

import pytest

from service.connections import joined_writes
from service.connections.joined_writes import LARGE, JoinedWrites


class Transport(asyncio.Transport):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[bytes | str] = []
        self.unread = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.unread

    def close(self) -> None:
        self.told.append("close")

    def abort(self) -> None:
        self.told.append("abort")


def told(*steps: Callable[[JoinedWrites], None]) -> list[bytes | str]:
    """Return what a transport is told by steps in one turn of the event loop, and after it."""

    async def take() -> list[bytes | str]:
        transport = Transport()
        joined = JoinedWrites(transport, asyncio.get_running_loop())
        for step in steps:
            step(joined)
        await asyncio.sleep(0)
        return transport.told

    return asyncio.run(take())


def write(data: bytes) -> Callable[[JoinedWrites], None]:
    return lambda transport: transport.write(data)


def test_a_head_and_its_body_are_one_write() -> None:
    assert told(write(b"head "), write(b"body")) == [b"head body"]
    assert told(write(b"head "), write(b"")) == [b"head "]


def test_a_head_without_a_body_waits_for_the_end_of_the_turn() -> None:
    assert told(write(b"head")) == [b"head"]


def test_nothing_changes_its_place() -> None:
    assert told(*map(write, [b"1", b"2", b"3", b"4", b"5"])) == [b"12", b"34", b"5"]


def test_a_large_body_is_not_copied() -> None:
    body = bytes(LARGE)
    assert told(write(b"head"), write(body)) == [b"head", body]


def test_what_is_written_before_the_end_goes_out_before_it() -> None:
    assert told(write(b"last words"), JoinedWrites.close) == [b"last words", "close"]


def test_a_caller_who_does_not_read_the_end_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joined_writes, "UNREAD_SECONDS", 0)

    async def close(unread: int) -> list[bytes | str]:
        transport = Transport()
        transport.unread = unread
        JoinedWrites(transport, asyncio.get_running_loop()).close()
        await asyncio.sleep(0.01)
        return transport.told

    assert asyncio.run(close(unread=1)) == ["close", "abort"]
    assert asyncio.run(close(unread=0)) == ["close"]


def test_all_but_writing_is_the_transports_own() -> None:
    assert told(lambda transport: transport.abort()) == ["abort"]
