"""For orchestrators: whether the process is alive, whether it may be asked, and what it is doing.

No route here runs a prediction, and liveness depends on nothing. Monitors
often ask with HEAD, for the status alone.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service.about import about
from service.dependencies import ReadinessDep
from service.model_runtime import FILE_NAME
from service.routes.example_model import NEXT, SERVED
from service.serving.readiness import State

router = APIRouter(prefix="/health", tags=["health"])

# What the documentation shows, for a model of this layout and runtime.
ANSWERS = f"model {SERVED} answers"
DAMAGED = f"{NEXT.directory / FILE_NAME} is damaged or was changed"


class Live(BaseModel):
    """The process answers."""

    live: Literal[True] = True


class Ready(BaseModel):
    """Whether requests are welcome, and why or why not."""

    ready: bool
    reason: Annotated[str, Field(examples=[ANSWERS])]


class ModelInfo(BaseModel):
    """Which model answers."""

    name: Annotated[str, Field(examples=[SERVED.name])]
    version: Annotated[str, Field(examples=[SERVED.version])]


class ReloadInfo(BaseModel):
    """Why another version, which the volume says is to be served, is not."""

    version: Annotated[str | None, Field(description="None if there is none", examples=[NEXT.version])]
    reason: Annotated[str, Field(examples=[DAMAGED])]
    since: Annotated[datetime, Field(description="When this was noticed, UTC")]


class Health(BaseModel):
    """The state of the process in one look."""

    state: State
    reason: Annotated[str, Field(examples=[ANSWERS])]
    since: Annotated[datetime, Field(description="When this state began, UTC")]
    model: ModelInfo | None
    reload: Annotated[ReloadInfo | None, Field(description="What keeps another version from being served")]
    version: Annotated[str, Field(description="The version of the service", examples=["0.1.0"])]


NOT_READY = "Loading, draining or failed; the reason says which."


@router.head("/live", include_in_schema=False)
@router.get("/live")
async def live() -> Live:
    """Answer at once, whatever the model does."""
    return Live()


@router.head("/ready", include_in_schema=False)
@router.get("/ready", responses={503: {"model": Ready, "description": NOT_READY}})
async def ready(readiness: ReadinessDep, response: Response) -> Ready:
    """Answer 200 when requests are welcome, 503 when not."""
    status = readiness.status
    response.status_code = 200 if status.ready else 503
    return Ready(ready=status.ready, reason=status.reason)


@router.head("", include_in_schema=False)
@router.get("", responses={503: {"model": Health, "description": NOT_READY}})
async def health(readiness: ReadinessDep, response: Response) -> Health:
    """Sum it up: state, model, version, and since when; 200 when ready, 503 when not."""
    status, served, failure = readiness.status, readiness.served, readiness.reload_failure
    response.status_code = 200 if status.ready else 503
    return Health(
        state=status.state,
        reason=status.reason,
        since=status.since,
        model=ModelInfo(name=served.name, version=served.version) if served else None,
        reload=ReloadInfo(**vars(failure)) if failure else None,
        version=about().version,
    )
