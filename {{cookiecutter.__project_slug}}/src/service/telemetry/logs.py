"""How a line of the log looks, and what it says of the request that it belongs to."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TextIO

import orjson

from service.settings import Settings
from service.telemetry.log_writer import write_what_goes

# What every line says that is written while a request is answered, such as its id.
CONTEXT: ContextVar[Mapping[str, str]] = ContextVar("CONTEXT", default=MappingProxyType({}))
# What could end a line, move a cursor, change a colour, turn the direction of writing or be invisible.
CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
# Bytes of the log that wait for a reader, and may become more by the lines of one turn of the event loop.
MOST_HELD = 1 << 20
RETRY_SECONDS = 0.1

logger = logging.getLogger(__name__)


class Fields(dict[str, Any]):
    """Arguments of a line, by their names; as JSON the line has each under its name as well."""


class JsonFormatter(logging.Formatter):
    """Each line one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = {
            "timestamp": write_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **CONTEXT.get(),
        }
        if isinstance(record.args, Fields):
            line |= record.args
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return encode(line)


class ConsoleFormatter(logging.Formatter):
    """Each line for people; a traceback follows, moved to the right."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        context = "".join(f" {name}={value}" for name, value in CONTEXT.get().items())
        text = f"{record.levelname} {record.name}: {escape(record.getMessage())}{context}"
        if record.exc_info:
            # No line of it can pass for a record: a message in it may hold whatever a caller sent.
            lines = self.formatException(record.exc_info).split("\n")
            text += "".join(f"\n    {escape(line)}" for line in lines)
        return f"{write_time(record.created)} {text}"


class Handler(logging.StreamHandler[TextIO]):
    """Writes to stderr what is logged in one turn of the event loop at once, or up to the first warning.

    Under load that is one call of the system for many requests. Nothing waits for whoever reads the log: what
    is not read is held back up to a size, and beyond that it is lost.
    """

    def __init__(self) -> None:
        """Begin with nothing to write."""
        super().__init__()
        self._lines: list[str] = []
        self._held = bytearray()
        self._lost = 0  # lines
        self._retrying = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, now or soon."""
        try:
            self._lines.append(self.format(record))
            if record.levelno >= logging.WARNING or not self._is_flushed_soon():
                self.flush()
        except Exception:  # noqa: BLE001 - what cannot be logged must not break what it tells of
            self.handleError(record)

    def _is_flushed_soon(self) -> bool:
        """See to it that the event loop writes what is not written yet; return whether there is one here."""
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_soon(self.flush)
            except RuntimeError:
                return False
        return True

    def flush(self) -> None:
        """Write what is not written yet, as far as it is read; also called at the exit."""
        with self.lock or nullcontext():
            self._hold()
            write_what_goes(self.stream, self._held)
            if self._held:
                self._retry_soon()
            elif self._lost:
                lost, self._lost = self._lost, 0
                logger.warning("%d lines of the log are lost: nobody read them in time", lost)

    def _hold(self) -> None:
        """Add the new lines to what is to be written, if there is room."""
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            if len(self._held) < MOST_HELD:
                self._held += text.encode(errors="backslashreplace")
            else:
                self._lost += len(self._lines)
            self._lines.clear()

    def _retry_soon(self) -> None:
        """Have the event loop try again; where there is none, the next line does."""
        if not self._retrying:
            with suppress(RuntimeError):
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._retry)
                self._retrying = True

    def _retry(self) -> None:
        self._retrying = False
        self.flush()


FORMATTERS = {"json": JsonFormatter, "console": ConsoleFormatter}


def encode(line: dict[str, Any]) -> str:
    """Return a line as JSON."""
    try:
        return escape(orjson.dumps(line, default=str).decode())
    except TypeError:  # half of a character, as file names may hold
        return json.dumps(line, default=str)


def write_time(seconds: float) -> str:
    """Return a moment as RFC 3339 has it, in UTC, to the millisecond."""
    whole = int(seconds)
    return f"{write_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=1)
def write_second(seconds: int) -> str:
    """Return a moment to the second; thousands of lines may share it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def escape(text: str) -> str:
    """Return a text in which control characters do nothing, as JSON has them."""
    if text.isprintable():  # the quick answer to most
        return text
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def configure(settings: Settings) -> None:
    """Send every line to stderr, in the form and from the level on that the settings say."""
    handler = Handler()
    handler.setFormatter(FORMATTERS[settings.log_format]())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
    logging.captureWarnings(True)
    # No line says which thread or process wrote it, and to find that out takes its time.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
