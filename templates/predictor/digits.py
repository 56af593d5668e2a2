"""What is predicted: what a caller sends, what the model sees, and what the caller gets back.

This is the module to rewrite for your own model; README.md says what belongs with it.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Brightness = Annotated[float, Field(ge=0, le=16, strict=True)]
Row = Annotated[list[Brightness], Field(min_length=8, max_length=8)]
Image = Annotated[list[Row], Field(min_length=8, max_length=8)]

SEVEN: Image = [
    [0, 0, 2, 13, 16, 9, 0, 0],
    [0, 0, 12, 12, 7, 16, 3, 0],
    [0, 1, 14, 3, 0, 16, 4, 0],
    [0, 0, 0, 4, 10, 16, 6, 0],
    [0, 0, 0, 13, 16, 16, 9, 0],
    [0, 0, 0, 5, 13, 1, 0, 0],
    [0, 0, 0, 11, 9, 0, 0, 0],
    [0, 0, 1, 16, 4, 0, 0, 0],
]


class PredictRequest(BaseModel):
    """A picture of one handwritten digit."""

    model_config = ConfigDict(extra="forbid")

    image: Annotated[
        Image, Field(description="8 rows of 8 pixels, from 0 (paper) to 16 (ink)", examples=[SEVEN])
    ]


class PredictResponse(BaseModel):
    """The digit that the model reads, and how sure it is."""

    digit: Annotated[int, Field(ge=0, le=9, examples=[7])]
    confidence: Annotated[
        float, Field(ge=0, le=1, description="The model's probability for this digit", examples=[0.8605])
    ]


EXAMPLE = PredictRequest(image=SEVEN)


def to_inputs(request: PredictRequest) -> dict[str, NDArray[np.float32]]:
    """Turn a request into the model's inputs: `image`, float32 [1, 8, 8], each pixel 0 to 16."""
    return {"image": np.array([request.image], dtype=np.float32)}


def to_response(outputs: dict[str, NDArray[np.float32]]) -> PredictResponse:
    """Turn the model's outputs into a response: `probabilities`, float32 [1, 10], one for each digit."""
    probabilities = outputs["probabilities"][0]
    digit = int(probabilities.argmax())
    return PredictResponse(digit=digit, confidence=round(float(probabilities[digit]), 4))
