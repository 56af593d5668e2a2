"""Write an inference response of the Open Inference Protocol v2: JSON, and the tensors in binary after it."""

from typing import Any

import orjson
from numpy.typing import NDArray

from service.errors import InvalidRequestError
from service.open_inference_request import InferRequest
from service.tensors import TensorError, datatype_of, to_binary, to_json


def write_response(
    name: str, version: str, request: InferRequest, outputs: dict[str, NDArray[Any]]
) -> tuple[bytes, int | None]:
    """Return the body, and how many bytes of it are JSON if binary tensors follow.

    Raises `InvalidRequestError` for an output that JSON cannot hold.
    """
    described = []
    binary = []
    for output in request.outputs:
        array = outputs[output.name]
        tensor: dict[str, Any] = {
            "name": output.name,
            "datatype": datatype_of(array.dtype),
            "shape": array.shape,
        }
        if output.binary:
            binary.append(to_binary(array))
            tensor["parameters"] = {"binary_data_size": len(binary[-1])}
        else:
            try:
                tensor["data"] = to_json(array)
            except TensorError as error:
                raise InvalidRequestError(f"output {output.name!r}: {error}") from None
        described.append(tensor)
    response: dict[str, Any] = {"model_name": name, "model_version": version, "outputs": described}
    if request.id is not None:
        response["id"] = request.id
    text = orjson.dumps(response, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"".join([text, *binary]), len(text) if binary else None
