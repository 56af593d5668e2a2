"""What can go wrong; a `ServiceError` has an HTTP status and is answered with it."""

from typing import ClassVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

MOST_PROBLEMS = 3


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
    """The body of every error: one sentence."""

    detail: str


async def answer_service_error(_: Request, error: ServiceError) -> JSONResponse:
    """Answer with the error's own status, headers and sentence."""
    return JSONResponse(Problem(detail=str(error)).model_dump(), error.status, error.headers)


async def answer_invalid_request(_: Request, error: RequestValidationError) -> JSONResponse:
    """Answer 422 with the first things that are wrong, and never with what was sent.

    FastAPI's own answer repeats the input, which may be huge and may hold what JSON cannot (NaN).
    """
    problems = [f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors()[:MOST_PROBLEMS]]
    sentence = "; ".join(problems).encode(errors="replace").decode()
    return JSONResponse(Problem(detail=sentence).model_dump(), 422)
