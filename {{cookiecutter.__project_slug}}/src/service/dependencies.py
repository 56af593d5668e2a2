"""What a route may ask for, by the type of its parameter."""

from typing import Annotated

from fastapi import Depends, Request

from service.loader import ServedModel
from service.metrics import Metrics
from service.readiness import Readiness


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


async def get_model(readiness: ReadinessDep) -> ServedModel:
    """Return the model that answers, or answer 503 with the reason why there is none."""
    return readiness.require_model()


ModelDep = Annotated[ServedModel, Depends(get_model)]
