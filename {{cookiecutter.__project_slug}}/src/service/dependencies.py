"""What a route may ask for, by the type of its parameter."""

from typing import Annotated

from fastapi import Depends, Request

from service.loader import ServedModel
from service.readiness import Readiness


async def get_readiness(request: Request) -> Readiness:
    """Return the readiness of this process, from the lifespan's state."""
    readiness: Readiness = request.state.readiness
    return readiness


ReadinessDep = Annotated[Readiness, Depends(get_readiness)]


async def get_model(readiness: ReadinessDep) -> ServedModel:
    """Return the model that answers, or answer 503 with the reason why there is none."""
    return readiness.require_model()


ModelDep = Annotated[ServedModel, Depends(get_model)]
