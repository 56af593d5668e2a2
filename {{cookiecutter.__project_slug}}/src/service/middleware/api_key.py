"""Who may ask: whoever sends the key, if there is one. Probes, metrics and what a browser opens stay open."""

import hmac
import os
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.middleware.observing import PROBED_PATHS
from service.problems import answer
from service.settings import SettingsError

# Probes and scrapers know no key, and a browser sends none with the address of a page. None of these says
# more than which model is served, and none asks it.
OPEN_PATHS = PROBED_PATHS | {"/", "/docs", "/redoc", "/openapi.json"}
# Visible ASCII, which every header can hold, in a length that nobody guesses.
KEY = re.compile(rb"[!-~]{16,1000}")
REFUSAL = "the API key is missing or wrong: send it as `Authorization: Bearer KEY` or as `x-api-key: KEY`"


class RequireKey:
    """ASGI middleware that answers 401 to who does not know the key, before a body is read."""

    def __init__(self, app: ASGIApp, key: bytes) -> None:
        """Wrap an application."""
        self.app = app
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is open or has the key."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._is_sent(scope["headers"]):
            await self.app(scope, receive, send)
        else:
            refusal = answer(Request(scope), REFUSAL, 401, {"www-authenticate": "Bearer"})
            await refusal(scope, receive, send)

    def _is_sent(self, headers: list[tuple[bytes, bytes]]) -> bool:
        return any(hmac.compare_digest(key, self.key) for key in sent_keys(headers))


def sent_keys(headers: list[tuple[bytes, bytes]]) -> list[bytes]:
    """Return what a request offers as keys; the headers' names are in lower case."""
    keys = []
    for name, value in headers:
        if name == b"x-api-key":
            keys.append(value)
        elif name == b"authorization":
            scheme, _, token = value.partition(b" ")
            keys += [token.strip()] if scheme.lower() == b"bearer" else []
    return keys


def read_api_key(file: Path) -> bytes:
    """Read the key that callers must send.

    Raises `SettingsError` with one sentence if the file does not hold one.
    """
    name = f"API_KEY_FILE {str(file)!r}"
    try:
        with file.open("rb") as opened:
            content = opened.read(2000).strip()
    except PermissionError as error:
        raise SettingsError(
            f"{name} may not be read by uid {os.geteuid()}: run `chmod a+r` on the file behind it"
        ) from error
    except OSError as error:
        raise SettingsError(f"{name} cannot be read ({error.strerror})") from error
    if not KEY.fullmatch(content):
        found = f"{len(content)} bytes" if content else "nothing"
        raise SettingsError(
            f"{name} holds {found}, but must hold one line of 16 to 1000 letters, digits and signs without "
            "spaces: make one with `openssl rand -hex 32`"
        )
    return content


def describe_key(app: FastAPI) -> None:
    """Have the documentation say which operations want the key, and offer to enter it."""
    make_schema = app.openapi

    def openapi() -> dict[str, Any]:
        schema = make_schema()
        schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["key"] = {"type": "http", "scheme": "bearer"}
        refusal = {"description": "The API key is missing or wrong."}
        for path, operations in schema["paths"].items():
            for operation in operations.values() if path not in OPEN_PATHS else ():
                operation["security"] = [{"key": []}]
                operation["responses"]["401"] = refusal
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
