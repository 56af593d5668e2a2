"""For callers: the prediction itself."""

from fastapi import APIRouter

from service import predictor
from service.dependencies import ModelDep
from service.predictor import PredictRequest, PredictResponse
from service.problems import Problem

router = APIRouter(tags=["prediction"])


ERRORS: dict[int | str, dict[str, object]] = {
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "The request is not what the model can be asked."},
    503: {"model": Problem, "description": "No model is ready yet."},
}


@router.post("/predict", responses=ERRORS)
def predict(request: PredictRequest, served: ModelDep) -> PredictResponse:
    """Ask the model."""
    # Not async: the model computes in a worker thread, and the event loop stays free for the others.
    return predictor.predict(served.model, request)
