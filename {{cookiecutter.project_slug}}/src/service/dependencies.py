"""What routes ask for: the API key, the readiness of the service, and a way to the model."""

import asyncio
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.errors import InvalidRequestError
from service.loader import ServedModel
from service.model_runtime import Arrays
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
    readiness: Readiness = request.app.state.readiness
    return readiness


@dataclass(frozen=True)
class Inference:
    """One request's way to the model."""

    request: Request
    served: ServedModel
    deadline: float  # in the event loop's time

    async def __call__(self, inputs: Arrays) -> Arrays:
        """Return the model's outputs; raise what `Batcher.infer` raises."""
        return await self.served.batcher.infer(inputs, self.deadline, self.request.is_disconnected)


async def get_inference(request: Request) -> Inference:
    """Return the way to the model; answer 503 if there is no model."""
    served = (await get_readiness(request)).require_model()
    timeout: float = request.app.state.settings.request_timeout_seconds
    header = request.headers.get(TIMEOUT_HEADER)
    if header is not None:
        if not (header.isascii() and header.isdigit() and len(header) <= 12):
            raise InvalidRequestError(f"the header {TIMEOUT_HEADER} must be a whole number of milliseconds")
        timeout = min(timeout, int(header) / 1000)
    return Inference(request, served, asyncio.get_running_loop().time() + timeout)


ReadinessDep = Annotated[Readiness, Depends(get_readiness)]
InferenceDep = Annotated[Inference, Depends(get_inference)]
