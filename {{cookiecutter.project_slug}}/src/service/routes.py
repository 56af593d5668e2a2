"""The routes: what the service is, whether it is ready, and the prediction."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

{% include "serving/" ~ cookiecutter.__serving ~ "/routes_imports.py" %}
from service.readiness import State

health = APIRouter(tags=["health"])
prediction = APIRouter(tags=["prediction"], responses=ERROR_RESPONSES)


class Health(BaseModel):
    """The state of the service, why, and the model that it serves."""

    state: State
    reason: str
    model: str | None


@health.head("/", include_in_schema=False)
@health.get("/")
async def about(request: Request) -> dict[str, str]:
    """Say what this service is."""
    app = request.app
    docs = {"docs": f"{request.scope['root_path']}/docs"} if app.openapi_url else {}
    return {"name": app.title, "version": app.version, "description": app.description} | docs


@health.head("/health/live", include_in_schema=False)
@health.get("/health/live")
async def live() -> dict[str, bool]:
    """Answer at once, also while the model loads."""
    return {"live": True}


@health.head("/health/ready", include_in_schema=False)
@health.get("/health/ready", responses={503: {"model": Health}})
async def ready(readiness: ReadinessDep, response: Response) -> Health:
    """Answer 200 when the service accepts requests, else 503."""
    response.status_code = 200 if readiness.is_ready else 503
    return Health(state=readiness.state, reason=readiness.reason, model=readiness.model)


{% include "serving/" ~ cookiecutter.__serving ~ "/routes.py" %}
