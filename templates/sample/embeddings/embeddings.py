"""`POST /v1/embeddings` as clients of OpenAI's API ask it, with its form of errors."""

import base64
import json
from collections.abc import Awaitable, Callable
from itertools import batched
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException

from service.dependencies import InferenceDep
from service.errors import InvalidRequestError

PATH = "/v1/embeddings"


class OpenAIError(BaseModel):
    """What went wrong."""

    message: str
    type: Literal["invalid_request_error", "server_error"]
    param: None
    code: str | None


class OpenAIErrorResponse(BaseModel):
    """The body of every error."""

    error: OpenAIError


def to_texts(value: Any) -> Any:
    """Return a list of texts; refuse token ids, because each tokenizer has its own."""
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text and is_unicode(text) for text in texts):
        raise PydanticCustomError(
            "texts", "must be a text or a list of texts, none empty; token ids are not read"
        )
    return texts


def is_unicode(text: str) -> bool:
    """Whether a text has no half of a character, which JSON can escape."""
    return text.isascii() or text.encode(errors="ignore").decode() == text


class EmbeddingsRequest(BaseModel):
    """Texts to embed; other members of OpenAI's requests are ignored."""

    model: str
    input: Annotated[
        list[str], Field(min_length=1, max_length=2048), BeforeValidator(to_texts, str | list[str])
    ]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


class Embedding(BaseModel):
    """The vector of one text: numbers, or their float32 bytes in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Usage(BaseModel):
    """How many tokens the model read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(BaseModel):
    """One vector for each text, in the order of the request."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage


router = APIRouter(
    tags=["embeddings"],
    responses={status: {"model": OpenAIErrorResponse} for status in ("4XX", "5XX")},
)


@router.post(PATH)
async def embed(body: EmbeddingsRequest, request: Request, infer: InferenceDep) -> EmbeddingsResponse:
    """Embed texts; the name of the model is repeated, not checked."""
    dimension = infer.served.model.dimension
    if body.dimensions not in {None, dimension}:
        raise InvalidRequestError(f"dimensions must be {dimension}, as this model has, or left out")
    size = request.app.state.settings.max_batch_size
    batches = batched(body.input, size)
    outputs = [await infer({"text": np.array(texts, np.object_)}) for texts in batches]
    vectors = np.concatenate([output["embedding"] for output in outputs])
    tokens = int(sum(output["tokens"].sum() for output in outputs))
    return EmbeddingsResponse(
        data=[
            Embedding(index=index, embedding=encode(vector, body.encoding_format))
            for index, vector in enumerate(vectors)
        ],
        model=body.model,
        usage=Usage(prompt_tokens=tokens, total_tokens=tokens),
    )


def encode(vector: NDArray[np.float32], form: str) -> list[float] | str:
    """Return the numbers of a vector, or their bytes, little-endian, in base64."""
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    numbers: list[float] = vector.tolist()
    return numbers


def add_openai_error_handlers(app: FastAPI) -> None:
    """Answer errors of this path in OpenAI's form; the application's own handlers must be there already."""
    for kind in (HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, in_openai_form(app.exception_handlers[kind]))


def in_openai_form(answer: Any) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler that answers as another does, in OpenAI's form where its clients ask."""

    async def answer_openai_client(request: Request, error: Exception) -> Response:
        response: Response = await answer(request, error)
        if not request.url.path.endswith(PATH):
            return response
        status = 400 if response.status_code == 422 else response.status_code
        body = OpenAIErrorResponse(
            error=OpenAIError(
                message=json.loads(bytes(response.body))["detail"],
                type="invalid_request_error" if status < 500 else "server_error",
                param=None,
                code="invalid_api_key" if status == 401 else None,
            )
        )
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return JSONResponse(body.model_dump(), status, headers)

    return answer_openai_client
