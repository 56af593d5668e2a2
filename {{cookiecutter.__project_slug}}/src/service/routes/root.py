"""For whoever opens the service in a browser: what this is and where to go on."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from service.about import about

router = APIRouter(tags=["about"])


class Welcome(BaseModel):
    """What this service is, and its other pages."""

    name: str
    version: str
    description: str
    docs: str | None
    health: str = "/health"


@router.get("/", response_model_exclude_none=True)
async def welcome(request: Request) -> Welcome:
    """Say what this is."""
    return Welcome(**about()._asdict(), docs=request.app.docs_url)
