"""For callers that know tensors rather than this service: the Open Inference Protocol v2.

Specification: kserve/open-inference-protocol, `specification/protocol/inference_rest.md`, with Triton's
extension for tensors in binary. Not served are the loading and unloading of models, and a body of nothing but
one tensor. A name may hold a slash, as Hugging Face's do.
"""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from service import infer_request, infer_response, model_runtime
from service.about import about
from service.dependencies import ModelDep, ReadinessDep, get_inference
from service.errors import (
    CallerGoneError,
    ContentEncodingError,
    InferenceError,
    InvalidRequestError,
    UnknownModelError,
)
from service.inference import Inference
from service.routes.lean_route import LeanRoute
from service.serving import ServedModel
from service.tensors import Arrays

logger = logging.getLogger(__name__)

TAGS: list[Any] = ["open inference protocol"]
router = APIRouter(prefix="/v2", tags=TAGS)

HEADER_LENGTH = "inference-header-content-length"
# From so many bytes on, reading and writing takes milliseconds, and other requests must not wait for that.
LARGE = 100_000


@router.get("")
async def server_metadata() -> dict[str, Any]:
    """Say which server this is."""
    return {"name": about().name, "version": about().version, "extensions": ["binary_tensor_data"]}


@router.get("/health/live")
async def server_live() -> dict[str, bool]:
    """Answer at once."""
    return {"live": True}


@router.get("/health/ready")
async def server_ready(readiness: ReadinessDep, response: Response) -> dict[str, bool]:
    """Answer 200 when requests are welcome, 503 when not."""
    ready = readiness.status.ready
    response.status_code = 200 if ready else 503
    return {"ready": ready}


# The longer path of each pair stands nearest to its function, so that it is tried first: a name with
# slashes would swallow its end.
@router.get("/models/{name:path}/ready")
@router.get("/models/{name:path}/versions/{version}/ready")
async def model_ready(served: ModelDep, name: str, version: str | None = None) -> dict[str, Any]:
    """Say that a model is ready."""
    require(served, name, version)
    return {"name": served.name, "ready": True}


@router.get("/models/{name:path}")
@router.get("/models/{name:path}/versions/{version}")
async def model_metadata(served: ModelDep, name: str, version: str | None = None) -> dict[str, Any]:
    """Say what a model takes and gives; a dimension of -1 may have any size."""
    require(served, name, version)
    model = served.model
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": model_runtime.PLATFORM,
        "inputs": [tensor._asdict() for tensor in model.inputs],
        "outputs": [tensor._asdict() for tensor in model.outputs],
    }


async def infer(request: Request) -> Response:
    """Ask a model; the outputs come back in row-major order, flat or in binary."""
    inference = await get_inference(request)
    served = inference.served
    require(served, **request.path_params)
    header_length = read_headers(request)
    body = await read_body(request)
    model = served.model
    asked = await aside(len(body), infer_request.read, body, header_length, model.inputs, model.outputs)
    outputs = await ask(inference, asked.inputs)
    size = sum(output.nbytes for output in outputs.values())
    content, header_length = await aside(size, infer_response.write, served, asked, outputs)
    if header_length is None:
        return Response(content, media_type="application/json")
    return Response(content, 200, {HEADER_LENGTH: str(header_length)}, "application/octet-stream")


def require(served: ServedModel, name: str, version: str | None = None) -> None:
    """Raise `UnknownModelError` unless this is the model that is served."""
    if name != served.name or version not in {None, served.version}:
        wanted = f"{name}/{version}" if version else name
        raise UnknownModelError(f"there is no model {wanted} here but {served}")


def read_headers(request: Request) -> int | None:
    """Return how many bytes of the body are JSON, if a header says so; raise what its headers deserve."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise ContentEncodingError(
            "the body has a content-encoding, which is not read here: send it as it is"
        )
    length = request.headers.get(HEADER_LENGTH)
    if length is None:
        return None
    # No body has a length of twenty digits, and Python reads a thousand of them slowly.
    if not length.isascii() or not length.isdecimal() or len(length) > 19:
        raise InvalidRequestError("Inference-Header-Content-Length must be a number of bytes")
    if int(length) == 0:
        raise InvalidRequestError("Inference-Header-Content-Length is 0: send JSON before the tensors")
    return int(length)


async def read_body(request: Request) -> bytes:
    """Return the body of a request."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise CallerGoneError("the caller left before the body was whole") from None


async def aside[**P, R](size: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that works through so many bytes: in a thread if they are many.

    A thread costs more than a small body, and a large one would keep the event loop from all other requests.
    """
    if size < LARGE:
        return function(*args, **kwargs)
    return await run_in_threadpool(function, *args, **kwargs)


async def ask(inference: Inference, inputs: Arrays) -> Arrays:
    """Ask the model; that it refuses inputs of the right form is the caller's error all the same."""
    try:
        return await inference(inputs)
    except InferenceError as error:
        logger.warning("the model refused a request", exc_info=True)
        raise InvalidRequestError(f"the model cannot answer these inputs: {error}") from error


infer_routes = [
    LeanRoute("/v2/models/{name:path}" + rest, infer, methods=["POST"], tags=TAGS)
    for rest in ("/versions/{version}/infer", "/infer")
]
