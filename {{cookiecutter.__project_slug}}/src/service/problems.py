"""How a caller sees what went wrong: one sentence, in the form that the path is known for."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from service.errors import ServiceError
from service.telemetry.logs import CONTEXT

MOST_PROBLEMS = 3
MOST_KEYS = 10  # of those that a body must have
LONGEST_PLACE = 100  # characters; an unknown key may be as long as the body


class Problem(BaseModel):
    """The body of every error but those of `/v2`: one sentence."""

    detail: str


class ProtocolError(BaseModel):
    """The body of an error as the Open Inference Protocol has it: one sentence."""

    error: str


# What the documentation says of each status that a route does not name.
PROBLEM: dict[str, Any] = {"model": Problem, "description": "What went wrong, in one sentence."}
PROTOCOL_ERROR: dict[str, Any] = {"model": ProtocolError, "description": "What went wrong, in one sentence."}


def problem(path: str, sentence: str) -> dict[str, str]:
    """Return the body of an error, as a caller of `/v2` or of anything else expects it."""
    key = "error" if path.startswith("/v2") else "detail"
    return {key: sentence.encode(errors="replace").decode()}


def answer(request: Request, sentence: str, status: int, headers: Mapping[str, str] | None) -> JSONResponse:
    """Answer with one sentence."""
    return JSONResponse(problem(request.url.path, sentence), status, headers)


async def answer_service_error(request: Request, error: ServiceError) -> JSONResponse:
    """Answer with the error's own status, headers and sentence."""
    return answer(request, str(error), error.status, error.headers)


async def answer_http_error(request: Request, error: HTTPException) -> JSONResponse:
    """Answer what the framework refuses: an unknown path or method, a body that is too large."""
    return answer(request, error.detail, error.status_code, error.headers)


async def answer_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer 422 with the first things that are wrong, and never with what was sent.

    FastAPI's own answer repeats the input, which may be huge and may hold what JSON cannot (NaN).
    """
    wanted = describe_body(request.scope["route"].body_field)
    return answer(request, describe_problems(error.errors(), wanted), 422, None)


async def answer_unexpected_error(request: Request, _: Exception) -> JSONResponse:
    """Answer 500 with nothing but the id under which the log has the rest."""
    request_id = CONTEXT.get()["request_id"]
    sentence = f"the service failed; its log says why, at request id {request_id}"
    return answer(request, sentence, 500, None)


def describe_body(body: Any) -> str:
    """Say what a body must be, given the framework's field for it: an object, and the keys it must have."""
    fields = getattr(body and body.field_info.annotation, "model_fields", {})
    keys = [field.alias or name for name, field in fields.items() if field.is_required()]
    return f"a JSON object with {list_some(keys, MOST_KEYS, ', ')}" if keys else "a JSON object"


def describe_problems(problems: Sequence[Mapping[str, Any]], wanted: str) -> str:
    """Say in one sentence what pydantic finds wrong, the first things alone; there may be many thousands."""
    return list_some(problems, MOST_PROBLEMS, "; ", partial(describe_problem, wanted=wanted))


def describe_problem(problem: Mapping[str, Any], wanted: str) -> str:
    """Say where something is wrong, and what; a place begins with the part of the request: its body."""
    part, *place = problem["loc"]
    if problem["type"] == "json_invalid":
        return f"the {part} is not JSON: {problem['ctx']['error']} at character {place[0]}"
    if place:
        return f"{'.'.join(map(str, place))[:LONGEST_PLACE]}: {problem['msg']}"
    if problem["type"] == "missing":
        return f"the {part} is missing: it must be {wanted}"
    if isinstance(problem["input"], bytes):
        return f"the {part} must come with the header `content-type: application/json` and be {wanted}"
    if problem["type"] == "model_attributes_type":
        return f"the {part} must be {wanted}"
    return f"the {part} is wrong: {problem['msg']}"


def list_some(things: Sequence[Any], most: int, separator: str, say: Callable[[Any], str] = str) -> str:
    """Say the first of some things, and how many more there are."""
    said = [say(thing) for thing in things[:most]]
    more = len(things) - most
    return separator.join([*said, f"and {more} more"] if more > 0 else said)
