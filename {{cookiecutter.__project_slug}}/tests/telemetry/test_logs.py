import asyncio
import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterator

import pytest
from conftest import fill

from service.telemetry import logs
from service.telemetry.logs import CONTEXT, ConsoleFormatter, Fields, Handler, JsonFormatter

FORGED = "line\n2026-01-01T00:00:00.000Z INFO service: forged\r\x1b[2K\x9b\u2028\u202e\u2066\u200b"


def record(message: str, *args: object, failed: Exception | None = None) -> logging.LogRecord:
    logger = logging.getLogger("service.test")
    error = (type(failed), failed, failed.__traceback__) if failed else None
    return logger.makeRecord(logger.name, logging.INFO, "", 0, message, args, error)


@pytest.fixture
def error() -> Exception:
    """An error with a traceback, whose text a caller chose."""
    try:
        raise ValueError(FORGED)
    except ValueError as error:
        return error


@pytest.fixture
def _in_a_request() -> Iterator[None]:
    """Run the test as if a request were being answered."""
    token = CONTEXT.set({"request_id": "abc"})
    yield
    CONTEXT.reset(token)


def test_json_has_the_moment_in_utc_the_level_the_logger_and_the_message() -> None:
    line = json.loads(JsonFormatter().format(record("%s is %d", "one", 1)))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {"level": "info", "logger": "service.test", "message": "one is 1"}


def test_json_has_arguments_with_names_under_their_names() -> None:
    line = json.loads(JsonFormatter().format(record("%(path)s", Fields(path="/x"))))
    assert (line["message"], line["path"]) == ("/x", "/x")


def test_the_console_has_the_same_on_one_line() -> None:
    line = ConsoleFormatter().format(record("%s is %d", "one", 1))
    assert re.fullmatch(r"\S+Z INFO service\.test: one is 1", line)


@pytest.mark.usefixtures("_in_a_request")
def test_a_line_of_a_request_has_its_id() -> None:
    assert json.loads(JsonFormatter().format(record("x")))["request_id"] == "abc"
    assert ConsoleFormatter().format(record("x")).endswith(": x request_id=abc")


@pytest.mark.parametrize("formatter", [JsonFormatter(), ConsoleFormatter()])
def test_no_message_ends_its_line_or_moves_the_cursor(formatter: logging.Formatter) -> None:
    line = formatter.format(record("%s", FORGED))
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_json_has_a_traceback_in_the_same_line(error: Exception) -> None:
    line = JsonFormatter().format(record("it failed", failed=error))
    assert len(line.splitlines()) == 1
    assert "ValueError" in json.loads(line)["exception"]


def test_no_line_of_a_traceback_can_pass_for_a_record(error: Exception) -> None:
    first, *others = ConsoleFormatter().format(record("it failed", failed=error)).split("\n")
    assert "it failed" in first
    assert others[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") and line.isprintable() for line in others)


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_json_and_utf_8_cannot_hold_is_logged_all_the_same(form: str) -> None:
    formatter = {"json": JsonFormatter, "console": ConsoleFormatter}[form]()
    line = formatter.format(record("%(path)s %(odd)s", Fields(path="\udcff", odd=object)))
    assert line.encode(sys.stderr.encoding, "backslashreplace")


@pytest.fixture
def written() -> io.StringIO:
    """What was logged and has been written."""
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    """A logger that writes as the service does."""
    handler = Handler()
    handler.setStream(written)
    handler.setFormatter(logging.Formatter())
    logger = logging.Logger("service.test")
    logger.addHandler(handler)
    return logger


def test_what_is_logged_in_one_turn_of_the_event_loop_is_written_at_its_end(
    log: logging.Logger, written: io.StringIO
) -> None:
    async def work() -> None:
        log.info("first")
        log.info("second")
        assert not written.getvalue()
        await asyncio.sleep(0)
        assert written.getvalue() == "first\nsecond\n"
        log.info("third")
        log.handlers[0].flush()  # as logging does at the exit
        assert written.getvalue() == "first\nsecond\nthird\n"

    asyncio.run(work())


def test_a_warning_is_written_at_once_and_after_what_came_before(
    log: logging.Logger, written: io.StringIO
) -> None:
    async def work() -> None:
        log.info("before")
        log.warning("now")
        assert written.getvalue() == "before\nnow\n"

    asyncio.run(work())


def test_what_is_logged_outside_the_event_loop_is_written_at_once(
    log: logging.Logger, written: io.StringIO
) -> None:
    log.info("alone")
    assert written.getvalue() == "alone\n"


def test_what_cannot_be_logged_breaks_nothing(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("%d", "no number")
    assert "Logging error" in capsys.readouterr().err


def test_what_is_not_read_is_written_later_and_what_is_too_much_is_counted(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(logs, "MOST_HELD", 1000)
    monkeypatch.setattr(logs, "RETRY_SECONDS", 0.01)
    readable, writable = os.pipe()
    with open(readable, "rb") as reader, open(writable, "w") as writer:  # noqa: PTH123
        (handler,) = log.handlers
        assert isinstance(handler, Handler)
        handler.setStream(writer)
        room = fill(writable)

        async def work() -> bytes:
            for _ in range(10):
                log.warning("x" * 199)
            reader.read(room)
            await asyncio.sleep(0.1)  # no other line makes it try again
            return os.read(readable, 65536)

        assert asyncio.run(work()) == (b"x" * 199 + b"\n") * 5
    assert caplog.messages == ["5 lines of the log are lost: nobody read them in time"]
