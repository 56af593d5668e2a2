"""For callers that know tensors rather than this service: the Open Inference Protocol v2, in JSON.

Specification: kserve/open-inference-protocol, `specification/protocol/inference_rest.md`. Not served are
its binary extension and the loading and unloading of models. A name may hold a slash, as Hugging Face's do.
"""

import logging
from typing import Any

import pydantic_core
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, ValidationError

from service.about import about
from service.dependencies import ModelDep, ReadinessDep
from service.errors import InvalidRequestError, UnknownModelError
from service.problems import describe_problems
from service.serving import ServedModel
from service.tensors import Arrays, TensorError, check_inputs, datatype_of, to_array

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/v2", tags=["open inference protocol"])


class InferInput(BaseModel):
    """One input: its data in row-major order, flat or nested."""

    name: str
    shape: list[int] = Field(examples=[[1, 64]])
    datatype: str = Field(examples=["FP32"])
    data: list[Any]


class WantedOutput(BaseModel):
    """The name of an output that the caller wants."""

    name: str


class InferRequest(BaseModel):
    """What a model is asked; no `outputs` means all of them."""

    id: str | None = None
    parameters: dict[str, Any] | None = None
    inputs: list[InferInput]
    outputs: list[WantedOutput] | None = None


@router.get("")
async def server_metadata() -> dict[str, Any]:
    """Say which server this is."""
    return {"name": about().name, "version": about().version, "extensions": []}


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
        "platform": "",
        "inputs": [tensor._asdict() for tensor in model.inputs],
        "outputs": [tensor._asdict() for tensor in model.outputs],
    }


@router.post("/models/{name:path}/infer")
@router.post("/models/{name:path}/versions/{version}/infer")
async def infer(request: Request, served: ModelDep, name: str, version: str | None = None) -> Response:
    """Ask a model; the outputs come back flat, in row-major order."""
    require(served, name, version)
    # Reading and writing JSON takes as long as many a model: in a thread, and the event loop stays free.
    content = await run_in_threadpool(answer, await request.body(), served)
    return Response(content, media_type="application/json")


def answer(body: bytes, served: ServedModel) -> bytes:
    """Answer a request in JSON; raise `InvalidRequestError` for what the model cannot be asked."""
    asked = read_request(body)
    inputs = read_inputs(asked, served)
    wanted = choose_outputs(asked, served)
    outputs = ask(served, inputs)
    response = {
        "model_name": served.name,
        "model_version": served.version,
        **({"id": asked.id} if asked.id else {}),
        "outputs": [write_output(name, outputs[name]) for name in wanted],
    }
    return pydantic_core.to_json(response, inf_nan_mode="null")


def require(served: ServedModel, name: str, version: str | None) -> None:
    """Raise `UnknownModelError` unless this is the model that is served."""
    if name != served.name or version not in {None, served.version}:
        wanted = f"{name}/{version}" if version else name
        raise UnknownModelError(f"there is no model {wanted} here but {served}")


def read_request(body: bytes) -> InferRequest:
    """Read a request from JSON; raise `InvalidRequestError` with the first things that are wrong."""
    try:
        return InferRequest.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError(describe_problems(error.errors())) from None


def read_inputs(asked: InferRequest, served: ServedModel) -> Arrays:
    """Turn the inputs of a request into arrays that the model takes."""
    try:
        arrays = {each.name: to_array(each.data, each.datatype, each.shape) for each in asked.inputs}
        check_inputs(arrays, served.model.inputs)
    except TensorError as error:
        raise InvalidRequestError(str(error)) from None
    return arrays


def choose_outputs(asked: InferRequest, served: ServedModel) -> list[str]:
    """Return the names of the outputs that are wanted; raise `InvalidRequestError` for one there is not."""
    wanted = [output.name for output in asked.outputs or served.model.outputs]
    unknown = sorted(set(wanted) - {tensor.name for tensor in served.model.outputs})
    if unknown:
        raise InvalidRequestError(f"the model has no output {unknown[0]!r}")
    return wanted


def ask(served: ServedModel, inputs: Arrays) -> Arrays:
    """Ask the model; that it refuses inputs of the right form is the caller's error all the same."""
    try:
        return served.model.infer(inputs)
    except Exception as error:  # each model runtime has its own
        logger.warning("the model refused a request", exc_info=True)
        reason = str(error).partition("\n")[0]
        raise InvalidRequestError(f"the model cannot answer these inputs: {reason}") from error


def write_output(name: str, array: Any) -> dict[str, Any]:
    """Return an output as the protocol has it; what JSON cannot hold, such as NaN, becomes null."""
    return {
        "name": name,
        "datatype": datatype_of(array.dtype),
        "shape": list(array.shape),
        "data": array.ravel().tolist(),
    }
