"""For callers that know tensors rather than this service: what a model is, in the Open Inference Protocol v2.

Specification: kserve/open-inference-protocol, `specification/protocol/inference_rest.md`. Asking the model is
in `infer.py`; loading and unloading is not served. A name may hold a slash, as Hugging Face's do.
"""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from service import model_runtime
from service.about import about
from service.dependencies import ModelDep, ReadinessDep
from service.errors import UnknownModelError
from service.problems import PROTOCOL_ERROR
from service.serving.served_model import ServedModel

TAGS: list[Any] = ["open inference protocol"]
router = APIRouter(prefix="/v2", tags=TAGS, responses={"default": PROTOCOL_ERROR})


class ServerReady(BaseModel):
    """Whether requests are welcome."""

    ready: bool


@router.get("")
async def server_metadata() -> dict[str, Any]:
    """Say which server this is."""
    return {"name": about().name, "version": about().version, "extensions": ["binary_tensor_data"]}


@router.get("/health/live")
async def server_live() -> dict[str, bool]:
    """Answer at once."""
    return {"live": True}


@router.get("/health/ready", responses={503: {"model": ServerReady, "description": "Not ready."}})
async def server_ready(readiness: ReadinessDep, response: Response) -> ServerReady:
    """Answer 200 when requests are welcome, 503 when not."""
    ready = readiness.status.ready
    response.status_code = 200 if ready else 503
    return ServerReady(ready=ready)


# The longer path comes first, or a name with slashes would swallow its end.
@router.get("/models/{name:path}/versions/{version}/ready")
async def version_ready(served: ModelDep, name: str, version: str) -> dict[str, Any]:
    """Say that a version of a model is ready."""
    require(served, name, version)
    return {"name": served.name, "ready": True}


@router.get("/models/{name:path}/ready")
async def model_ready(served: ModelDep, name: str) -> dict[str, Any]:
    """Say that a model is ready."""
    require(served, name)
    return {"name": served.name, "ready": True}


@router.get("/models/{name:path}/versions/{version}")
async def version_metadata(served: ModelDep, name: str, version: str) -> dict[str, Any]:
    """Say what a version of a model takes and gives; a dimension of -1 may have any size."""
    require(served, name, version)
    return describe(served)


@router.get("/models/{name:path}")
async def model_metadata(served: ModelDep, name: str) -> dict[str, Any]:
    """Say what a model takes and gives; a dimension of -1 may have any size."""
    if name.endswith("/infer"):  # which would be a name, but is where a model is asked
        raise HTTPException(405, headers={"allow": "POST"})
    require(served, name)
    return describe(served)


def require(served: ServedModel, name: str, version: str | None = None) -> None:
    """Raise `UnknownModelError` unless this is the model that is served."""
    if name != served.name or version not in {None, served.version}:
        wanted = f"{name}/{version}" if version else name
        raise UnknownModelError(f"there is no model {wanted} here but {served}")


def describe(served: ServedModel) -> dict[str, Any]:
    """Return a model's metadata as the protocol has it."""
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": model_runtime.PLATFORM,
        "inputs": [tensor._asdict() for tensor in served.model.inputs],
        "outputs": [tensor._asdict() for tensor in served.model.outputs],
    }
