"""Dependencies of routes: the API key, the readiness of the service, and the model."""

import asyncio
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

{% include "serving/" ~ cookiecutter.__serving ~ "/dependencies_imports.py" %}
from service.readiness import Readiness
from service.settings import SettingsError

bearer = HTTPBearer(auto_error=False)
key_header = APIKeyHeader(name="x-api-key", auto_error=False)

TIMEOUT_HEADER = "x-request-timeout-ms"
KEY = re.compile(r"[!-~]{16,1000}")  # visible ASCII, which every header can hold


def read_api_key(file: Path) -> str:
    """Return the key in a file; raise `SettingsError` with one sentence if there is none."""
    try:
        key = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise SettingsError(f"API_KEY_FILE {str(file)!r} cannot be read: {error.strerror}") from None
    if not KEY.fullmatch(key):
        remedy = "put 16 to 1000 letters, digits and signs there, as `openssl rand -hex 32` writes them"
        raise SettingsError(f"API_KEY_FILE {str(file)!r} holds no key: {remedy}")
    return key


async def require_api_key(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    header: Annotated[str | None, Security(key_header)],
) -> None:
    """Answer 401 unless the request has the API key."""
    key: str = request.app.state.api_key
    sent = [credentials.credentials if credentials else "", header or ""]
    if not any(hmac.compare_digest(each.encode(), key.encode()) for each in sent):
        raise HTTPException(
            401,
            "the API key is missing or wrong: send it as `Authorization: Bearer KEY` or as `x-api-key: KEY`",
            {"www-authenticate": "Bearer"},
        )


async def get_readiness(request: Request) -> Readiness:
    return cast(Readiness, request.app.state.readiness)


def read_deadline(request: Request) -> float:
    """Return the deadline of a request, in the event loop's time."""
    timeout: float = request.app.state.settings.request_timeout_seconds
    if (header := request.headers.get(TIMEOUT_HEADER)) is not None:
        if not (header.isascii() and header.isdigit() and len(header) <= 12):
            raise InvalidRequestError(f"the header {TIMEOUT_HEADER} must be a whole number of milliseconds")
        timeout = min(timeout, int(header) / 1000)
    return asyncio.get_running_loop().time() + timeout


{% include "serving/" ~ cookiecutter.__serving ~ "/dependencies.py" %}
ReadinessDep = Annotated[Readiness, Depends(get_readiness)]
