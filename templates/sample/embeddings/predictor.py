"""The prediction: what a client sends, what the model gets, and what the client gets back.

Rewrite this file for your own model. `PredictRequest` and `PredictResponse` are the bodies of `/predict`.
The service runs `EXAMPLE` before it serves a model, and refuses a model that cannot answer it.
`Predictor` turns a request into the inputs of the model, and its outputs into a response. It runs on the
event loop: if yours takes more than a millisecond, see `predict` in routes.py.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from service.model_runtime import Arrays
from service.settings import Settings

Text = Annotated[str, Field(min_length=1, max_length=4096)]

TEXTS = ["a small dog", "a cat and its kitten", "the car needs a new engine"]


class PredictRequest(BaseModel):
    """Texts to embed."""

    texts: list[Text] = Field(min_length=1, max_length=64, examples=[TEXTS])


class PredictResponse(BaseModel):
    """One vector for each text; the more alike two texts are, the larger the dot product of their vectors."""

    dimension: int = Field(ge=1, description="How many numbers a vector has", examples=[64])
    embeddings: list[list[float]] = Field(
        description="A vector of length 1 for each text, or zeros if the model knows none of its words"
    )


EXAMPLE = PredictRequest(texts=TEXTS)


class Predictor:
    """Pre- and post-processing for one loaded model."""

    # True only if the model answers each row independently: then waiting requests are joined in one call.
    # If you are not sure, use False. In many quantized models, an answer depends on the other rows, so one
    # client would get other answers when others send requests.
    rows_are_independent = True

    def __init__(self, directory: Path, settings: Settings) -> None:
        """Read other files of the model, such as labels or a vocabulary; this model has none."""

    def to_inputs(self, request: PredictRequest) -> Arrays:
        """Return `text`, strings [N], or raise `InvalidRequestError` if the model cannot take that."""
        return {"text": np.array(request.texts, dtype=np.object_)}

    def to_response(self, request: PredictRequest, outputs: Arrays) -> PredictResponse:
        """Read `embedding`, float32 [N, dimension], one row for each text."""
        vectors = outputs["embedding"]
        rounded = [[round(number, 5) for number in vector] for vector in vectors.tolist()]
        return PredictResponse(dimension=vectors.shape[1], embeddings=rounded)
