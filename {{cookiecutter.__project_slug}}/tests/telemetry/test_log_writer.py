import io
import os

import pytest
from conftest import fill

from service.telemetry.log_writer import write_what_goes


def test_what_a_pipe_has_room_for_is_written_and_the_rest_is_held() -> None:
    readable, writable = os.pipe()
    with open(readable, "rb") as reader, open(writable, "w") as writer:  # noqa: PTH123
        size = fill(writable)
        held = bytearray(b"y" * 10_000)
        write_what_goes(writer, held)
        assert len(held) == 10_000
        reader.read(size)
        write_what_goes(writer, held)
        assert not held
        assert os.read(readable, 65536) == b"y" * 10_000


@pytest.mark.parametrize("blocking", [True, False])
def test_a_pipe_that_is_filled_by_somebody_else_is_not_waited_for(blocking: bool) -> None:
    readable, writable = os.pipe()
    with open(readable, "rb"), open(writable, "w") as writer:  # noqa: PTH123
        fill(writable)
        os.set_blocking(writable, blocking)
        held = bytearray(b"y")
        write_what_goes(writer, held)
        assert held == b"y"


def test_what_nobody_can_ever_read_is_forgotten() -> None:
    readable, writable = os.pipe()
    os.close(readable)
    with open(writable, "w") as writer:  # noqa: PTH123
        held = bytearray(b"y")
        write_what_goes(writer, held)
        assert not held


def test_a_stream_without_a_descriptor_gets_everything() -> None:
    stream, held = io.StringIO(), bytearray(b"y" * 10_000)
    write_what_goes(stream, held)
    assert stream.getvalue() == "y" * 10_000
    assert not held
