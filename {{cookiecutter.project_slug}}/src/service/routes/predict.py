"""For callers: the prediction itself."""

from fastapi import APIRouter

from service import predictor
from service.dependencies import ModelDep
from service.errors import Problem
from service.predictor import PredictRequest, PredictResponse

router = APIRouter(tags=["prediction"])


@router.post("/predict", responses={503: {"model": Problem, "description": "No model is ready yet."}})
def predict(request: PredictRequest, served: ModelDep) -> PredictResponse:
    """Ask the model."""
    # Not async: the model computes in a worker thread, and the event loop stays free for the others.
    return predictor.predict(served.model, request)
