"""`POST /v1/chat/completions` and `GET /v1/models`, for clients of OpenAI's API."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException

from service.dependencies import InferenceDep
from service.engine import Generation
from service.openai_errors import OPENAI_ERROR_RESPONSES, make_openai_error

# Unsupported options that would change the answer, with the value that has no effect. Others are ignored.
UNSUPPORTED: dict[str, Any] = {
    "tools": [],
    "functions": [],
    "n": 1,
    "logit_bias": {},
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "modalities": ["text"],
    "audio": None,
}
# The last chunk of a stream, which has only the usage.
USAGE_CHUNK = re.compile(r'"choices":\s*\[\]')


def to_text(content: Any) -> Any:
    """Join the parts of a message; refuse parts that are not text."""
    if not isinstance(content, list):
        return content
    if not all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        raise PydanticCustomError("text", "must be a text, or parts of the type text")
    return "".join(str(part.get("text", "")) for part in content)


class Message(BaseModel):
    """One turn of a conversation; `developer` is OpenAI's newer name for `system`."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, BeforeValidator(to_text, str | list[dict[str, Any]])]


class JSONSchema(BaseModel):
    """The JSON schema of an answer."""

    name: str = "response"
    strict: bool | None = None
    json_schema: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JSONSchema | None = None

    @model_validator(mode="after")
    def _require_schema(self) -> "ResponseFormat":
        if self.type == "json_schema" and self.json_schema is None:
            raise PydanticCustomError("schema", "json_schema is missing")
        return self


class StreamOptions(BaseModel):
    """What a stream holds in addition to the answer."""

    include_usage: bool | None = None


class ChatRequest(BaseModel):
    """A conversation to continue; members of OpenAI's requests that do not change the answer are ignored."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(ge=0, le=1)] = None
    seed: Annotated[int | None, Field(ge=-(2**31), lt=2**31)] = None
    stop: str | Annotated[list[str], Field(max_length=16)] | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int | None, Field(ge=0, le=20)] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_is_not_supported(cls, data: Any) -> Any:
        for name, harmless in UNSUPPORTED.items():
            if isinstance(data, dict) and data.get(name) not in (None, harmless):
                raise PydanticCustomError("unsupported", f"{name} is not supported: leave it out")
        return data

    def to_payload(self, max_tokens: int) -> dict[str, Any]:
        """Return the request to the engine, for at most so many tokens."""
        options = {"model", "stream", "stream_options"}
        payload = self.model_dump(exclude_none=True, by_alias=True, exclude=options)
        for message in payload["messages"]:
            message["role"] = message["role"].replace("developer", "system")
        wanted = payload.pop("max_completion_tokens", max_tokens)
        payload["max_tokens"] = min(payload.get("max_tokens", wanted), wanted, max_tokens)
        return payload


class Model(BaseModel):
    """The model that is served."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


class Models(BaseModel):
    """The list of models: the one that is served."""

    object: Literal["list"] = "list"
    data: list[Model]


router = APIRouter(prefix="/v1", tags=["chat"], responses=OPENAI_ERROR_RESPONSES)


@router.get("/models")
async def list_models(request: Request) -> Models:
    """Name the model."""
    return Models(data=[Model(id=request.app.state.settings.model_name, owned_by=request.app.title)])


@router.post("/chat/completions", response_model=dict[str, Any])
async def chat(body: ChatRequest, request: Request, infer: InferenceDep) -> Response:
    """Continue a conversation: in one answer, or as a stream of events."""
    settings = request.app.state.settings
    if body.model != settings.model_name:
        raise HTTPException(404, f"there is no model {body.model[:100]!r}: ask for {settings.model_name!r}")
    generation = await infer(body.to_payload(settings.max_tokens))
    if not body.stream:
        return Response(json.dumps(await generation.whole()), media_type="application/json")
    # FastAPI's own events would send the status before the first token.
    shows_usage = bool(body.stream_options and body.stream_options.include_usage)
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    return StreamingResponse(write_events(generation, shows_usage), 200, headers, "text/event-stream")


async def write_events(generation: Generation, shows_usage: bool) -> AsyncIterator[str]:
    """Write the events of a stream; a failure is the last one."""
    try:
        async for event in generation.events():
            if shows_usage or not USAGE_CHUNK.search(event):
                yield f"data: {event}\n\n"
        yield "data: [DONE]\n\n"
    except HTTPException as error:
        yield write_error(error.status_code, error.detail)
    except asyncio.CancelledError:  # by the server, because SHUTDOWN_SECONDS are over
        yield write_error(503, "the service is stopping")
        raise
    finally:
        generation.close()


def write_error(status: int, detail: str) -> str:
    return f"data: {json.dumps(make_openai_error(status, detail))}\n\n"
