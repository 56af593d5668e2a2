"""What is predicted: what a caller sends, what the model sees, and what the caller gets back.

This is the module to rewrite for your own model; README.md says what belongs with it.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=4096, strict=True)]

TEXTS = ["a small dog", "a cat and its kitten", "the car needs a new engine"]


class PredictRequest(BaseModel):
    """Some texts."""

    model_config = ConfigDict(extra="forbid")

    texts: Annotated[
        list[Text],
        Field(
            min_length=1, max_length=64, description="1 to 64 texts of 1 to 4096 characters", examples=[TEXTS]
        ),
    ]


class PredictResponse(BaseModel):
    """One vector for each text; the more alike two texts are, the larger the dot product of their vectors."""

    dimension: Annotated[int, Field(ge=1, description="How many numbers a vector has", examples=[64])]
    embeddings: Annotated[
        list[list[float]],
        Field(description="A vector of length 1 for each text; all zeros if the model knows no word of it"),
    ]


EXAMPLE = PredictRequest(texts=TEXTS)


def to_inputs(request: PredictRequest) -> dict[str, NDArray[np.object_]]:
    """Turn a request into the model's inputs: `text`, strings [N]."""
    return {"text": np.array(request.texts, dtype=np.object_)}


def to_response(outputs: dict[str, NDArray[np.float32]]) -> PredictResponse:
    """Turn the model's outputs into a response: `embedding`, float32 [N, D], one row for each text."""
    vectors = outputs["embedding"]
    rounded = [[round(number, 5) for number in vector] for vector in vectors.tolist()]
    return PredictResponse(dimension=vectors.shape[1], embeddings=rounded)
