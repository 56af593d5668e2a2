"""For callers that know tensors rather than this service: asking a model over the Open Inference Protocol v2.

Specification: `inference_rest.md` beside the one that `open_inference.py` names, with Triton's extension for
tensors in binary. Of that, a body of nothing but one tensor is not served.
"""

import logging
import re
from collections.abc import Callable

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from service.dependencies import get_inference
from service.errors import CallerGoneError, ContentEncodingError, InferenceError, InvalidRequestError
from service.open_inference import infer_request, infer_response
from service.routes.infer_schema import RESPONSES, describe_operation
from service.routes.open_inference import TAGS, require
from service.serving.inference import Inference
from service.tensors import Arrays

logger = logging.getLogger(__name__)

HEADER_LENGTH = "inference-header-content-length"
# No body has a length of more, and Python reads a thousand of them slowly.
DIGITS = re.compile(rb"[0-9]{1,19}")
# From so many bytes on, reading and writing takes milliseconds, and other requests must not wait for that.
LARGE = 100_000


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


def read_headers(request: Request) -> int | None:
    """Return how many bytes of the body are JSON, if a header says so; raise what its headers deserve."""
    headers = dict(request.scope["headers"])
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise ContentEncodingError(
            "the body has a content-encoding, which is not read here: send it as it is"
        )
    length = headers.get(HEADER_LENGTH.encode())
    if length is None:
        return None
    if not DIGITS.fullmatch(length):
        raise InvalidRequestError("Inference-Header-Content-Length must be a number of bytes")
    if int(length) == 0:
        raise InvalidRequestError("Inference-Header-Content-Length is 0: send JSON before the tensors")
    return int(length)


async def read_body(request: Request) -> bytes:
    """Return the body of a request, which is read here alone, so that nothing need keep it."""
    parts = []
    while (message := await request.receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
    raise CallerGoneError("the caller left before the body was whole")


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
        # A line, because callers can cause as many as they like; the way there is for whoever debugs.
        logger.warning("the model refused a request: %s", error, exc_info=logger.isEnabledFor(logging.DEBUG))
        raise InvalidRequestError(f"the model cannot answer these inputs: {error}") from error


def document(path: str, *parameters: str) -> APIRoute:
    """Return the route that asks a model at this path, which has these parameters."""
    extra = describe_operation(*parameters)
    return APIRoute(path, infer, methods=["POST"], tags=TAGS, responses=RESPONSES, openapi_extra=extra)


routes = [
    document("/v2/models/{name:path}/versions/{version}/infer", "name", "version"),
    document("/v2/models/{name:path}/infer", "name"),
]
