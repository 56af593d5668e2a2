"""The end of the process, whatever its threads are doing."""

import logging
import os
import sys
from typing import NoReturn

from service.telemetry.log_writer import write_what_goes


def leave(status: int, sentence: str | None = None) -> NoReturn:
    """End the process with an exit status, and with one sentence on stderr if there is something to say.

    Not `sys.exit`: a thread that is loading a model would be stopped amid C++, and abort the process.
    """
    logging.shutdown()
    if sentence:
        write_what_goes(sys.stderr, bytearray(f"{sentence}\n".encode(errors="backslashreplace")))
    os._exit(status)
