"""Serve a model that predictor.py does not know, over /v2 alone: SERVE_PREDICT=false."""

import logging

from service.model_files import ModelVersion
from service.model_runtime import Model
from service.open_inference_metadata import describe
from service.predictor import Predictor
from service.tensors import make_zeros

logger = logging.getLogger(__name__)


class NoPredictor(Predictor):
    """Replaces the predictor; without /predict, nothing calls it."""

    rows_are_independent = False  # only the predictor's author knows

    def __init__(self) -> None:
        """Read nothing."""


def prepare_without_predictor(model: Model, found: ModelVersion) -> NoPredictor:
    """Run the model once on zeros, so that the first client does not wait; a model may refuse them."""
    inputs, _ = describe(model)
    try:
        model.infer(make_zeros(inputs))
    except Exception as error:  # noqa: BLE001 - runtimes raise any exception
        reason = str(error).partition("\n")[0]
        logger.warning("model %s does not answer zeros (%s): it is not warmed up", found, reason)
    return NoPredictor()
