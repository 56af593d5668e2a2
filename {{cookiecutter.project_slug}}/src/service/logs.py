"""Logging: one line per event on stderr, as text or as JSON, with the id of the request it belongs to."""

import logging
import logging.config
from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")


class AddRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = REQUEST_ID.get()
        return True


def configure(level: str, log_format: str) -> None:
    """Log at this level and above, in this format: `text` or `json`."""
    text_formatter = {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}
    json_formatter = {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "format": "{asctime}{levelname}{name}{request_id}{message}",
        "style": "{",
        "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
    }
    formatter = json_formatter if log_format == "json" else text_formatter
    handler = {"class": "logging.StreamHandler", "formatter": "default", "filters": ["request_id"]}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": AddRequestId}},
            "formatters": {"default": formatter},
            "handlers": {"stderr": handler},
            "root": {"level": level.upper(), "handlers": ["stderr"]},
        }
    )
