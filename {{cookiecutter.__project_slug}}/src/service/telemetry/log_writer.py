"""Writing without waiting for whoever reads: a reader of the log that hangs must not hang the service."""

import os
import select
from typing import TextIO


def write_what_goes(stream: TextIO, held: bytearray) -> None:
    """Write the first of these bytes, as many as somebody takes at once, and delete them from what is held.

    What can never be written, because the reader is gone or the disk is full, is deleted as well.
    """
    try:
        descriptor = stream.fileno()
    except OSError:  # it exists in memory alone, as in tests
        stream.write(held.decode())
        held.clear()
        return
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    try:
        # A pipe that can be written to has room for `PIPE_BUF` bytes; with more than that, we might wait.
        while held and ready.poll(0):
            del held[: os.write(descriptor, held[: select.PIPE_BUF])]
    except BlockingIOError:  # no pipe, and opened by somebody who does not wait either
        return
    except OSError:
        held.clear()
