"""Every environment variable that the service reads: its type, its default and its unit."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.resources import cpu

# Words with a separator or two between them: no such path leads out of the directory it begins in.
PLAIN_PATH = r"^\w+([./-]{1,2}\w+)*$"

SHORTEST_RELOAD_SECONDS = 0.1


class Settings(BaseSettings):
    """The settings of one process; each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    host: str = "0.0.0.0"  # noqa: S104
    """Address to listen on; everywhere, because a container has no other door."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """TCP port to listen on."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least serious kind of line that is logged."""

    model_repository: Path = Path("/models")
    """Directory where the model volume is mounted."""

    model_name: Annotated[str, Field(pattern=PLAIN_PATH)] | None = None
    """What the served model is called, or which of several is served; what none means, the layout says."""

    model_version: Annotated[str, Field(pattern=PLAIN_PATH)] = "latest"
    """The version policy: `latest`, or the version to serve; the model layout says what a version is."""

    serve_predict: bool = True
    """Whether /predict is served; without it, the model need not answer the example of predictor.py."""

    serve_docs: bool = True
    """Whether /docs, /redoc and /openapi.json are served."""

    model_reload_seconds: Annotated[float, Field(ge=0, le=86400)] = 0
    """Seconds between two looks at the volume for another version; 0 looks at the start alone."""

    inference_threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Threads that compute; none means as many as the container may use processors."""

    max_batch_size: Annotated[int, Field(ge=1, le=65536)] = 64
    """The most rows in one call of the model and in one request; 1 joins no requests, whatever their rows."""

    max_batch_delay_ms: Annotated[float, Field(ge=0, le=60000)] = 0
    """Milliseconds for which an incomplete batch waits for more rows; 0 takes those that wait already."""

    max_queue_size: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    """The most rows that wait for the model; who comes then is answered 503 at once."""

    request_timeout_seconds: Annotated[float, Field(ge=0.001, le=3600)] = 30
    """Seconds from a request's head to its answer at the latest; then it is answered 504."""

    receive_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 8
    """Seconds for a caller to send a whole request; then it is cut off; fewer than DRAIN_SECONDS."""

    max_body_bytes: Annotated[int, Field(ge=1)] = 1_000_000
    """The largest request body that is read, in bytes."""

    api_key_file: Path | None = None
    """File with the key that callers must send; none lets everybody ask."""

    log_format: Literal["console", "json"] = "console"
    """How a line of the log looks: for people, or one JSON object."""

    drain_seconds: Annotated[float, Field(gt=0, le=3600)] = 9.0
    """Seconds from SIGTERM to the exit at the latest; fewer than the container's stop grace period."""


class SettingsError(ValueError):
    """An environment variable holds what the service cannot work with."""


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises `SettingsError` with one sentence that names every variable in the wrong.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(describe(error)) from None
    if conflicts := find_conflicts(settings):
        raise SettingsError("; ".join(conflicts))
    return settings


def find_conflicts(settings: Settings) -> list[str]:
    """Return a sentence for each variable that cannot work with another, or in this container."""
    batch = f"MAX_BATCH_SIZE is {settings.max_batch_size}"
    threads, most = settings.inference_threads, most_threads(settings)
    delay = f"MAX_BATCH_DELAY_MS is {settings.max_batch_delay_ms:g}"
    conflicts = {
        f"{batch}, but no more rows than MAX_QUEUE_SIZE, {settings.max_queue_size}, ever wait: "
        "lower the one or raise the other": settings.max_batch_size > settings.max_queue_size,
        f"{delay}, but MAX_BATCH_SIZE is 1, so that there is nothing to wait for: "
        "set MAX_BATCH_DELAY_MS=0 or larger batches": (
            settings.max_batch_size == 1 and settings.max_batch_delay_ms > 0
        ),
        f"{delay}, but REQUEST_TIMEOUT_SECONDS is {settings.request_timeout_seconds:g}, so that a request "
        "is too late before its batch begins: lower the one or raise the other": (
            settings.max_batch_delay_ms >= settings.request_timeout_seconds * 1000
        ),
        f"RECEIVE_TIMEOUT_SECONDS is {settings.receive_timeout_seconds:g}, but DRAIN_SECONDS is "
        f"{settings.drain_seconds:g}, so that a stop does not wait for a request that is being sent: "
        "lower the one or raise the other": settings.receive_timeout_seconds >= settings.drain_seconds,
        f"MODEL_RELOAD_SECONDS is {settings.model_reload_seconds:g}, but the volume is looked at every "
        f"{SHORTEST_RELOAD_SECONDS:g} s at most: set at least that, or 0 for never": (
            0 < settings.model_reload_seconds < SHORTEST_RELOAD_SECONDS
        ),
        f"INFERENCE_THREADS is {threads}, but of the threads that this container may have {most} may "
        "compute: lower the one or raise the container's pids limit": (threads or 0) > most,
    }
    return [sentence for sentence, applies in conflicts.items() if applies]


def most_threads(settings: Settings) -> int:
    """Return how many threads a model may compute in; while it is switched there are two of them."""
    return cpu.most_threads() // (2 if settings.model_reload_seconds else 1)


def describe(error: ValidationError) -> str:
    """Say which variables are wrong and what they may be."""
    problems: dict[str, list[str]] = {}
    for problem in error.errors():
        found = f"{str(problem['loc'][0]).upper()} is {problem['input']!r}"
        expected = re.sub(r"^\w+ should ", "must ", problem["msg"])
        expected = expected.replace(f"match pattern '{PLAIN_PATH}'", "be words joined by . - or /")
        problems.setdefault(found, []).append(expected)
    return "; ".join(f"{found} but {' or '.join(msgs)}" for found, msgs in problems.items())
