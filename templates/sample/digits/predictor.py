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

Pixel = Annotated[float, Field(ge=0, le=16, strict=True)]
Row = Annotated[list[Pixel], Field(min_length=8, max_length=8)]
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
    """An image of a handwritten digit."""

    image: Image = Field(description="8 rows of 8 pixels, from 0 (paper) to 16 (ink)", examples=[SEVEN])


class PredictResponse(BaseModel):
    """The digit that the model recognizes."""

    digit: int = Field(ge=0, le=9, examples=[7])
    confidence: float = Field(ge=0, le=1, description="The probability of this digit", examples=[0.8605])


EXAMPLE = PredictRequest(image=SEVEN)


class Predictor:
    """Pre- and post-processing for one loaded model."""

    # True only if the model answers each row independently: then waiting requests are joined in one call.
    # If you are not sure, use False. In many quantized models, an answer depends on the other rows, so one
    # client would get other answers when others send requests.
    rows_are_independent = True

    def __init__(self, directory: Path, settings: Settings) -> None:
        """Read other files of the model, such as labels or a vocabulary; this model has none."""

    def to_inputs(self, request: PredictRequest) -> Arrays:
        """Return `image`, float32 [1, 8, 8], or raise `InvalidRequestError` if the model cannot take that."""
        return {"image": np.array([request.image], dtype=np.float32)}

    def to_response(self, request: PredictRequest, outputs: Arrays) -> PredictResponse:
        """Read `probabilities`, float32 [1, 10], one for each digit."""
        probabilities = outputs["probabilities"][0]
        digit = int(probabilities.argmax())
        return PredictResponse(digit=digit, confidence=round(float(probabilities[digit]), 4))
