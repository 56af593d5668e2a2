"""Errors that clients see: a status and one sentence, as `{"detail": "…"}`."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from service.logs import REQUEST_ID

MAX_PROBLEMS = 3
TOO_LARGE = "the body is larger than MAX_BODY_BYTES allows"
NO_JSON = "the body is not valid JSON"
REWORDED = {"Content Too Large": TOO_LARGE, "There was an error parsing the body": NO_JSON}


class ErrorResponse(BaseModel):
    """The body of every error."""

    detail: str


class InvalidRequestError(HTTPException):
    def __init__(self, detail: str) -> None:
        super().__init__(422, detail)


class UnavailableError(HTTPException):
    def __init__(self, detail: str) -> None:
        super().__init__(503, detail, {"retry-after": "1"})


{% include "serving/" ~ cookiecutter.__serving ~ "/errors.py" %}


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorResponse, "description": "The request is wrong, or too large, or has no API key."},
    "5XX": {"model": ErrorResponse, "description": "The model is not ready, too busy, too slow, or fails."},
}


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
    app.add_exception_handler(Exception, answer_unexpected_error)


async def answer_http_error(_: Request, error: Any) -> JSONResponse:
    """Answer errors that routes, dependencies and FastAPI itself raise."""
    detail = REWORDED.get(str(error.detail), error.detail)
    return JSONResponse({"detail": detail}, error.status_code, error.headers)


async def answer_invalid_request(_: Request, error: Exception) -> JSONResponse:
    """Answer 422 with the first problems, without the input, which may be large or secret."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    sentences = [describe_problem(problem) for problem in problems[:MAX_PROBLEMS]]
    more = len(problems) - MAX_PROBLEMS
    return JSONResponse({"detail": "; ".join(sentences) + (f"; and {more} more" if more > 0 else "")}, 422)


async def answer_unexpected_error(_: Request, error: Exception) -> JSONResponse:
    """Answer 500 with the id under which the log has the traceback."""
    detail = f"the service failed: see its log for request id {REQUEST_ID.get()}"
    return JSONResponse({"detail": detail}, 500, {"x-request-id": REQUEST_ID.get()})


def describe_problem(problem: Mapping[str, Any]) -> str:
    """Return where a problem is and what it is; a location begins with the part of the request."""
    part, *names = problem["loc"]
    if problem["type"] == "json_invalid":
        return f"{NO_JSON}: {problem['ctx']['error']}"
    if names:
        return f"{'.'.join(map(str, names))[:100]}: {problem['msg']}"
    if isinstance(problem["input"], bytes):
        return "the body must be a JSON object, sent with `content-type: application/json`"
    if problem["type"] in {"missing", "model_attributes_type"}:
        return f"the {part} must be a JSON object"
    return f"the {part} is invalid: {problem['msg']}"
