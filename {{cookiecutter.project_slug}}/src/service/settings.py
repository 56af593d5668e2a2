"""Every setting of the service: an environment variable with a type, a default and a unit."""

import difflib
import logging
import os
import re
from pathlib import Path
from typing import Annotated, Literal

{% include "serving/" ~ cookiecutter.__serving ~ "/settings_pydantic.py" %}
from pydantic_settings import BaseSettings, SettingsConfigDict
{% include "serving/" ~ cookiecutter.__serving ~ "/settings_imports.py" ignore missing %}

logger = logging.getLogger(__name__)

# Words joined by one or two of . - and /, such as `org/name-1.0`, but not `../secrets`.
PLAIN_PATH = r"^\w+([./-]{1,2}\w+)*$"
PlainPath = Annotated[str, Field(pattern=PLAIN_PATH)]


def lower(text: str) -> str:
    """Ignore case, and call `warn` by its full name."""
    return {"warn": "warning"}.get(text.lower(), text.lower())


class Settings(BaseSettings):
    """The settings of one process; each field is the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    host: str = "0.0.0.0"  # noqa: S104 - to be reached from outside the container
    """Address to listen on; `::` serves IPv4 and IPv6."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """TCP port to listen on."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = "info"
    """The least serious level that is logged."""
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lower)] = "text"
    """Lines for people, or one JSON object per line."""
{% include "serving/" ~ cookiecutter.__serving ~ "/settings.py" %}
    max_body_bytes: Annotated[int, Field(ge=1)] = {{ cookiecutter._samples[cookiecutter._model_runtimes[cookiecutter.model_runtime].sample].max_body_bytes }}
    """Maximum size of a request body, in bytes."""
    api_key_file: Path | None = None
    """File with the key that clients must send; without one, everybody may send requests."""
    allowed_origins: str = ""
    """Origins whose pages may call the service from a browser, separated by commas."""
    serve_docs: bool = True
    """Whether to serve /docs and /openapi.json."""
    root_path: Annotated[str, Field(pattern=r"^(/[\w.-]+)*$")] = ""
    """The path prefix that a reverse proxy removes, such as `/ml`."""
    forwarded_allow_ips: str = "127.0.0.1"
    """Addresses of proxies whose `X-Forwarded-*` headers are trusted, separated by commas; `*` trusts all."""
    keep_alive_seconds: Annotated[int, Field(ge=1, le=86400)] = 75
    """Seconds after which an idle connection is closed; more than the load balancer's idle timeout."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.5
    """Seconds after SIGTERM in which requests are still accepted, while readiness says 503."""
    shutdown_seconds: Annotated[float, Field(gt=0, le=7200)] = {{ cookiecutter._servings[cookiecutter.__serving].shutdown_seconds }}
    """Maximum seconds from SIGTERM to the exit; less than the container's stop grace period."""
{% include "api/" ~ cookiecutter.api ~ "/settings.py" ignore missing %}
{% include "model_layout/" ~ cookiecutter.model_layout ~ "/settings.py" ignore missing %}
{% include "model_updates/" ~ cookiecutter.model_updates ~ "/settings.py" ignore missing %}


class SettingsError(ValueError):
    """An environment variable has a wrong value; the message names it."""


def read_settings() -> Settings:
    """Read the settings from the environment; warn about names that look misspelt.

    Raises `SettingsError` with one sentence that names every wrong variable.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(describe(error)) from None
    if settings.drain_seconds + 2 > settings.shutdown_seconds:
        raise SettingsError("SHUTDOWN_SECONDS must be at least 2 seconds more than DRAIN_SECONDS")
    warn_of_misspelt()
    return settings


def describe(error: ValidationError) -> str:
    """Return which variables are wrong, and what they must be."""
    problems = []
    for problem in error.errors():
        expected = re.sub(r"^\w+ should ", "must ", problem["msg"])
        expected = expected.replace(f"match pattern '{PLAIN_PATH}'", "be words joined by . - or /")
        problems.append(f"{str(problem['loc'][0]).upper()} is {problem['input']!r} but {expected}")
    return "; ".join(problems)


def warn_of_misspelt() -> None:
    settings = {name.replace("_", "").upper(): name.upper() for name in Settings.model_fields}
    for name in [name for name in os.environ if name.upper() not in settings.values()]:
        for close in difflib.get_close_matches(name.replace("_", "").upper(), settings, n=1, cutoff=0.9):
            logger.warning("%s is not a setting: did you mean %s?", name, settings[close])
