"""`POST /v1/embeddings`, for clients of OpenAI's API."""

import base64
from itertools import batched
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from service.dependencies import InferenceDep
from service.errors import InvalidRequestError
from service.openai_errors import OPENAI_ERROR_RESPONSES


def to_texts(value: Any) -> Any:
    """Return a list of texts; refuse token ids, because each tokenizer has its own."""
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text and is_unicode(text) for text in texts):
        raise PydanticCustomError(
            "texts", "must be a text or a list of texts, none empty; token ids are not read"
        )
    return texts


def is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogate, which JSON can escape."""
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


router = APIRouter(tags=["embeddings"], responses=OPENAI_ERROR_RESPONSES)


@router.post("/v1/embeddings")
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
