"""An answer of the Open Inference Protocol v2, written: the JSON, and the bytes that may come after it."""

from typing import Any

import orjson
from numpy.typing import NDArray

from service.errors import InvalidRequestError
from service.open_inference import binary_tensors, json_tensors
from service.open_inference.infer_request import InferRequest
from service.tensors import Arrays, TensorError, datatype_of
from service.volume.model_version import ModelVersion


def write(served: ModelVersion, asked: InferRequest, outputs: Arrays) -> tuple[bytes, int | None]:
    """Return the body that answers a request, and how many of its bytes are JSON if that is not all.

    Raises `InvalidRequestError` for an output that cannot be had in JSON.
    """
    described, attached = [], []
    for name, binary in asked.outputs:
        description, content = describe(name, outputs[name], binary)
        described.append(description)
        attached.append(content)
    answer: dict[str, Any] = {"model_name": served.name, "model_version": served.version}
    if asked.id is not None:
        answer["id"] = asked.id
    answer["outputs"] = described
    header = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    if all(content is None for content in attached):
        return header, None
    return b"".join([header, *filter(None, attached)]), len(header)


def describe(name: str, array: NDArray[Any], binary: bool) -> tuple[dict[str, Any], bytes | None]:
    """Return an output as the protocol has it, and its bytes if they are to follow the JSON."""
    description = {"name": name, "datatype": datatype_of(array.dtype), "shape": array.shape}
    if binary:
        content = binary_tensors.to_bytes(array)
        return description | {"parameters": {"binary_data_size": len(content)}}, content
    try:
        return description | {"data": json_tensors.to_data(array)}, None
    except TensorError as error:
        raise InvalidRequestError(f"output {name}: {error}") from None
