"""For callers: the prediction itself."""

from fastapi import APIRouter

from service import predictor
from service.dependencies import InferenceDep
from service.predictor import PredictRequest, PredictResponse
from service.problems import Problem

router = APIRouter(tags=["prediction"])


ERRORS: dict[int | str, dict[str, object]] = {
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "The request is not what the model can be asked."},
    503: {"model": Problem, "description": "No model is ready yet, or too many requests wait for it."},
    504: {"model": Problem, "description": "The answer took longer than the request may take."},
}


@router.post("/predict", responses=ERRORS)
async def predict(request: PredictRequest, infer: InferenceDep) -> PredictResponse:
    """Ask the model."""
    return predictor.to_response(await infer(predictor.to_inputs(request)))
