"""The `predictor.py` that a team would write for the network of `make bench-serving`."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel


class PredictRequest(BaseModel):
    """One row of numbers."""

    inputs: list[float]


class PredictResponse(BaseModel):
    """One row of numbers."""

    outputs: list[float]


EXAMPLE = PredictRequest(inputs=[0.5] * 512)


class Predictor:
    """Pre- and post-processing for the network."""

    rows_are_independent = True

    def __init__(self, directory: Path, settings: Any) -> None:
        """Need nothing."""

    def to_inputs(self, request: PredictRequest) -> dict[str, Any]:
        """Return `x`, float32 [1, 512]."""
        return {"x": np.array([request.inputs], np.float32)}

    def to_response(self, request: PredictRequest, outputs: dict[str, Any]) -> PredictResponse:
        """Read `y`, float32 [1, 512]."""
        return PredictResponse(outputs=outputs["y"][0].tolist())


# Older templates (`--before`) ask for functions.
def to_inputs(request: PredictRequest) -> dict[str, Any]:
    """Return `x`, float32 [1, 512]."""
    return {"x": np.array([request.inputs], np.float32)}


def to_response(outputs: dict[str, Any]) -> PredictResponse:
    """Read `y`, float32 [1, 512]."""
    return PredictResponse(outputs=outputs["y"][0].tolist())
