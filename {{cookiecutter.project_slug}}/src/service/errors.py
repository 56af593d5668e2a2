"""What can go wrong; a `ServiceError` has an HTTP status and is answered with it."""

from typing import ClassVar

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel


class ServiceError(Exception):
    """A failure that has a sentence for the caller, and a status and headers to send it with."""

    status: ClassVar[int] = 500
    headers: ClassVar[dict[str, str]] = {}


class NotReadyError(ServiceError):
    """There is no model to ask yet; callers may come again."""

    status = 503
    headers: ClassVar[dict[str, str]] = {"retry-after": "1"}


class ModelError(Exception):
    """The model on the volume cannot be served; the sentence names the path and the remedy."""


class Problem(BaseModel):
    """The body of an error, in the shape of FastAPI's own."""

    detail: str


async def answer_service_error(_: Request, error: ServiceError) -> JSONResponse:
    """Answer with the error's own status, headers and sentence."""
    return JSONResponse(Problem(detail=str(error)).model_dump(), error.status, error.headers)
