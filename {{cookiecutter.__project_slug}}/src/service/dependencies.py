"""What a route may ask for, by the type of its parameter."""

from typing import Annotated

from fastapi import Depends, Request

from service.serving.inference import Inference
from service.serving.readiness import Readiness
from service.serving.served_model import ServedModel
from service.telemetry.metrics import Metrics


async def get_readiness(request: Request) -> Readiness:
    """Return the readiness of this process, from the lifespan's state."""
    readiness: Readiness = request.state.readiness
    return readiness


ReadinessDep = Annotated[Readiness, Depends(get_readiness)]


async def get_metrics(request: Request) -> Metrics:
    """Return the figures of this process, from the lifespan's state."""
    metrics: Metrics = request.state.metrics
    return metrics


MetricsDep = Annotated[Metrics, Depends(get_metrics)]


async def get_model(request: Request) -> ServedModel:
    """Return the model that answers, or answer 503 with the reason why there is none."""
    return (await get_readiness(request)).require_model()


ModelDep = Annotated[ServedModel, Depends(get_model)]


async def get_inference(request: Request) -> Inference:
    """Return this request's way to the model that answers now; raise what says that there is none."""
    # Not one dependency on another: each costs as much time as all that happens here.
    served = await get_model(request)
    served.executor.require_room()
    return Inference(request, served, request.state.settings.request_timeout_seconds)


InferenceDep = Annotated[Inference, Depends(get_inference)]
