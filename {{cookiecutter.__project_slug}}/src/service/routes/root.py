"""For whoever opens the service in a browser: what this is and where to go on."""

from fastapi import APIRouter
from pydantic import BaseModel

from service.about import about

router = APIRouter(tags=["about"])


class Welcome(BaseModel):
    """What this service is, and its other pages."""

    name: str
    version: str
    description: str
    docs: str = "/docs"
    health: str = "/health"


@router.get("/")
async def welcome() -> Welcome:
    """Say what this is."""
    return Welcome(**about()._asdict())
