"""What is predicted: what a caller sends, what the model sees, and what the caller gets back.

This is the module to rewrite for your own model; README.md says what belongs with it.
"""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Centimetres = Annotated[float, Field(gt=0, le=30, strict=True)]


class PredictRequest(BaseModel):
    """The measurements of one iris, in centimetres."""

    model_config = ConfigDict(extra="forbid")

    sepal_length: Annotated[Centimetres, Field(description="Length of a sepal, in cm", examples=[5.7])]
    sepal_width: Annotated[Centimetres, Field(description="Width of a sepal, in cm", examples=[2.8])]
    petal_length: Annotated[Centimetres, Field(description="Length of a petal, in cm", examples=[4.5])]
    petal_width: Annotated[Centimetres, Field(description="Width of a petal, in cm", examples=[1.3])]


class PredictResponse(BaseModel):
    """The species that the model takes the flower for, and how sure it is."""

    species: Annotated[str, Field(examples=["versicolor"])]
    confidence: Annotated[
        float, Field(ge=0, le=1, description="The model's probability for this species", examples=[0.8644])
    ]


EXAMPLE = PredictRequest(sepal_length=5.7, sepal_width=2.8, petal_length=4.5, petal_width=1.3)


def to_inputs(request: PredictRequest) -> dict[str, NDArray[np.float64]]:
    """Turn a request into the model's inputs: `X`, float64 [1, 4], in cm."""
    row = [request.sepal_length, request.sepal_width, request.petal_length, request.petal_width]
    return {"X": np.array([row], dtype=np.float64)}


def to_response(outputs: dict[str, NDArray[Any]]) -> PredictResponse:
    """Turn the model's outputs into a response.

    They are `labels`, strings [1], and `probabilities`, float64 [1, 3], the label's own the largest.
    """
    confidence = float(outputs["probabilities"][0].max())
    return PredictResponse(species=str(outputs["labels"][0]), confidence=round(confidence, 4))
