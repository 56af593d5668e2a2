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

Centimetres = Annotated[float, Field(gt=0, le=30, strict=True)]


class PredictRequest(BaseModel):
    """The measurements of one iris, in centimetres."""

    sepal_length: Centimetres = Field(examples=[5.7])
    sepal_width: Centimetres = Field(examples=[2.8])
    petal_length: Centimetres = Field(examples=[4.5])
    petal_width: Centimetres = Field(examples=[1.3])


class PredictResponse(BaseModel):
    """The species of the iris."""

    species: str = Field(examples=["versicolor"])
    confidence: float = Field(ge=0, le=1, description="The probability of this species", examples=[0.8644])


EXAMPLE = PredictRequest(sepal_length=5.7, sepal_width=2.8, petal_length=4.5, petal_width=1.3)


class Predictor:
    """Pre- and post-processing for one loaded model."""

    # True only if the model answers each row independently: then waiting requests are joined in one call.
    # If you are not sure, use False. In many quantized models, an answer depends on the other rows, so one
    # client would get other answers when others send requests.
    rows_are_independent = True

    def __init__(self, directory: Path, settings: Settings) -> None:
        """Read other files of the model, such as labels or a vocabulary; this model has none."""

    def to_inputs(self, request: PredictRequest) -> Arrays:
        """Return `X`, float64 [1, 4], or raise `InvalidRequestError` if the model cannot take that."""
        row = [request.sepal_length, request.sepal_width, request.petal_length, request.petal_width]
        return {"X": np.array([row], dtype=np.float64)}

    def to_response(self, request: PredictRequest, outputs: Arrays) -> PredictResponse:
        """Read `labels`, strings [1], and `probabilities`, float64 [1, 3], one for each species."""
        confidence = float(outputs["probabilities"][0].max())
        return PredictResponse(species=str(outputs["labels"][0]), confidence=round(confidence, 4))
