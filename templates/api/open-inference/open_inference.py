"""The routes of the Open Inference Protocol v2, for clients that work with raw tensors.

Specification: `specification/protocol/inference_rest.md` in kserve/open-inference-protocol. The names of
models may hold slashes, as those on Hugging Face do. Models are not loaded or unloaded over HTTP.
"""

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import orjson
from fastapi import APIRouter, FastAPI, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from service.dependencies import InferenceDep, ReadinessDep
from service.errors import InferenceError, InvalidRequestError
from service.loader import ServedModel
from service.model_runtime import Model
from service.open_inference_metadata import PLATFORM, describe
from service.open_inference_request import parse_request
from service.open_inference_response import write_response
from service.tensors import Tensor

JSON_LENGTH_HEADER = "Inference-Header-Content-Length"
# From this size on, bodies are parsed and written in a thread, one at a time: JSON takes up to 25 times its
# size in memory while it is parsed, and the event loop must stay free for other requests.
LARGE_BYTES = 16_000
LARGE_BODIES = ThreadPoolExecutor(max_workers=1, thread_name_prefix="large-bodies")

# The keys are weak, so that a model that is no longer served does not stay in memory.
signatures: WeakKeyDictionary[Model, tuple[list[Tensor], list[Tensor]]] = WeakKeyDictionary()


class ProtocolError(BaseModel):
    """The body of every error under /v2."""

    error: str


class ModelMetadata(BaseModel):
    """What a model takes and returns; a dimension of -1 may have any size."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[Tensor]
    outputs: list[Tensor]


EXAMPLE = {
    "inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [0.5, 1]}],
    "outputs": [{"name": "y", "parameters": {"binary_data": False}}],
}
JSON_OR_BINARY: dict[str, Any] = {
    "description": f"JSON; binary tensors may follow, then `{JSON_LENGTH_HEADER}` is its length.",
    "content": {"application/json": {}, "application/octet-stream": {}},
}
INFER_DOCS = {
    "requestBody": JSON_OR_BINARY
    | {"content": {"application/json": {"example": EXAMPLE}, "application/octet-stream": {}}}
}

TAGS: list[str | Enum] = ["Open Inference Protocol v2"]
server = APIRouter(prefix="/v2", tags=TAGS)
models = APIRouter(prefix="/v2/models", tags=TAGS, responses={"default": {"model": ProtocolError}})
ModelPath = Annotated[str, Path(description="`NAME` or `NAME/versions/VERSION`")]


@server.get("")
async def describe_server(request: Request) -> dict[str, Any]:
    """Say which server this is."""
    return {"name": request.app.title, "version": request.app.version, "extensions": ["binary_tensor_data"]}


@server.head("/health/live", include_in_schema=False)
@server.get("/health/live")
async def server_live() -> dict[str, bool]:
    """Answer at once, also while the model loads."""
    return {"live": True}


@server.head("/health/ready", include_in_schema=False)
@server.get("/health/ready")
async def server_ready(readiness: ReadinessDep, response: Response) -> dict[str, bool]:
    """Answer 200 when the service accepts requests, else 503."""
    response.status_code = 200 if readiness.is_ready else 503
    return {"ready": readiness.is_ready}


@models.post("/{model:path}/infer", openapi_extra=INFER_DOCS, responses={200: JSON_OR_BINARY})
async def infer(model: ModelPath, request: Request, inference: InferenceDep) -> Response:
    """Run the model. The outputs are flat and row-major, in JSON or in binary."""
    served = check_model(inference.served, model)
    json_length = read_json_length(request)
    body = await read_body(request)
    deadline = inference.deadline
    parsed = await run(len(body), deadline, parse_request, body, json_length, *signature_of(served.model))
    del body  # while the model works, only the inputs stay in memory; in binary, they are views of it
    try:
        outputs = await inference(parsed.inputs)
    except InferenceError as error:  # names, types and shapes fit, so it is the values
        raise InvalidRequestError(error.detail) from None
    size = sum(output.nbytes for output in outputs.values())
    written = await run(size, deadline, write_response, served.name, served.version, parsed, outputs)
    content, json_length = written
    if json_length is None:
        return Response(content, media_type="application/json")
    headers = {JSON_LENGTH_HEADER: str(json_length)}
    return Response(content, headers=headers, media_type="application/octet-stream")


@models.get("/{model:path}/ready")
async def model_ready(model: ModelPath, readiness: ReadinessDep) -> dict[str, Any]:
    """Answer 200 when the model is ready."""
    served = check_model(readiness.require_model(), model)
    return {"name": served.name, "ready": True}


@models.get("/{model:path}")
async def describe_model(model: ModelPath, readiness: ReadinessDep) -> ModelMetadata:
    """Say what the model takes and returns."""
    if model.endswith("/infer"):  # the path of a POST, not the name of a model
        raise HTTPException(405, headers={"allow": "POST"})
    served = check_model(readiness.require_model(), model)
    inputs, outputs = signature_of(served.model)
    return ModelMetadata(
        name=served.name, versions=[served.version], platform=PLATFORM, inputs=inputs, outputs=outputs
    )


def signature_of(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs and the outputs of a model."""
    if model not in signatures:
        signatures[model] = describe(model)
    return signatures[model]


def check_model(served: ServedModel, path: str) -> ServedModel:
    """Answer 404 unless the path names the model that is served."""
    version = f"{served.name}/versions/{served.version}"
    if path not in {served.name, version}:
        raise HTTPException(404, f"there is no model {path[:200]}: {version} is served")
    return served


def read_json_length(request: Request) -> int | None:
    """Return how many bytes of the body are JSON, if a header says so."""
    header = request.headers.get(JSON_LENGTH_HEADER)
    if header is None:
        return None
    if not (header.isascii() and header.isdigit() and len(header) <= 19 and int(header) > 0):
        raise InvalidRequestError(f"{JSON_LENGTH_HEADER} must be the length of the JSON in bytes")
    return int(header)


async def read_body(request: Request) -> bytes:
    """Return the body. `request.body()` would keep it in memory until the response is sent."""
    try:
        return b"".join([chunk async for chunk in request.stream()])
    except ClientDisconnect:
        raise HTTPException(499, "the client disconnected") from None


async def run[*P, R](size: int, deadline: float, function: Callable[[*P], R], *args: *P) -> R:
    """Call a function that works on this many bytes; if they are many, in a thread, until the deadline."""
    if size < LARGE_BYTES:
        return function(*args)
    try:
        async with asyncio.timeout_at(deadline):
            return await asyncio.get_running_loop().run_in_executor(LARGE_BODIES, function, *args)
    except TimeoutError:
        raise HTTPException(504, "the deadline of this request passed while large bodies waited") from None


def add_protocol_error_handlers(app: FastAPI) -> None:
    """Send errors under /v2 in the form of the protocol; call this after all other handlers are added."""
    for key, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(key, in_protocol_form(handler))


def in_protocol_form(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Change what a handler answers under /v2: `{"detail": …}` to `{"error": …}`, and 422 to 400."""

    async def handle(request: Request, error: Exception) -> Any:
        response = handler(request, error)
        if inspect.isawaitable(response):
            response = await response
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if isinstance(response, JSONResponse) and f"{path}/".startswith("/v2/"):
            response.status_code = 400 if response.status_code == 422 else response.status_code
            response.body = response.render({"error": orjson.loads(response.body)["detail"]})
            response.headers["content-length"] = str(len(response.body))
        return response

    return handle
