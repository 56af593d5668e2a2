"""Errors as clients of OpenAI's API expect them, on the paths below `/v1`."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException


class OpenAIError(BaseModel):
    """What went wrong."""

    message: str
    type: Literal["invalid_request_error", "server_error"]
    param: None
    code: str | None


class OpenAIErrorResponse(BaseModel):
    """The body of every error."""

    error: OpenAIError


OPENAI_ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIErrorResponse} for status in ("4XX", "5XX")
}


def make_openai_error(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error."""
    error = OpenAIError(
        message=message,
        type="invalid_request_error" if status < 500 else "server_error",
        param=None,
        code="invalid_api_key" if status == 401 else None,
    )
    return OpenAIErrorResponse(error=error).model_dump()


def add_openai_error_handlers(app: FastAPI) -> None:
    """Answer errors in OpenAI's form; the application's own handlers must be there already."""
    for kind in (HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, in_openai_form(app.exception_handlers[kind]))


def in_openai_form(answer: Any) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Wrap an error handler: below `/v1`, its errors get OpenAI's form."""

    async def answer_openai_client(request: Request, error: Exception) -> Response:
        response: Response = await answer(request, error)
        if "/v1/" not in request.url.path:
            return response
        status = 400 if response.status_code == 422 else response.status_code
        body = make_openai_error(status, json.loads(bytes(response.body))["detail"])
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return JSONResponse(body, status, headers)

    return answer_openai_client
