"""Read an inference request of the Open Inference Protocol v2: JSON, and the tensors in binary after it.

Unknown fields and parameters are ignored.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import orjson
from numpy.typing import NDArray

from service.errors import InvalidRequestError
from service.tensors import Tensor, TensorError, from_binary, from_json

KINDS: dict[type, str] = {
    str: "a string",
    list: "an array",
    dict: "an object",
    int: "an integer",
    bool: "true or false",
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_QUOTE = 80  # characters of the request that a message repeats


class RequestedOutput(NamedTuple):
    """An output that the client wants, and whether in binary."""

    name: str
    binary: bool


class InferRequest(NamedTuple):
    """The inputs for the model, and what to send back."""

    id: str | None
    inputs: dict[str, NDArray[Any]]
    outputs: list[RequestedOutput]


def parse_request(
    body: bytes, json_length: int | None, inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> InferRequest:
    """Read a body for a model with these inputs and outputs.

    The first `json_length` bytes are JSON; none means all. Raises `InvalidRequestError` with the first
    problem.
    """
    if json_length is not None and json_length > len(body):
        raise InvalidRequestError(
            f"Inference-Header-Content-Length is {json_length}, but the body has {len(body)} bytes"
        )
    whole = memoryview(body)
    text, binary = (whole, whole[:0]) if json_length is None else (whole[:json_length], whole[json_length:])
    if text[: len(BYTE_ORDER_MARK)] == BYTE_ORDER_MARK:
        text = text[len(BYTE_ORDER_MARK) :]
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"the request is not valid JSON: {error}") from None
    check_kind(request, dict, "the request")
    return InferRequest(
        get(request, "id", str),
        read_inputs(require(request, "inputs", list), binary, inputs),
        read_outputs(request, [tensor.name for tensor in outputs]),
    )


def read_inputs(given: list[Any], binary: memoryview, inputs: Sequence[Tensor]) -> dict[str, NDArray[Any]]:
    """Return an array for each input of the model; `binary` holds those in binary, one after the other."""
    expected = {tensor.name: tensor for tensor in inputs}
    arrays: dict[str, NDArray[Any]] = {}
    for number, each in enumerate(given):
        check_kind(each, dict, f"inputs[{number}]")
        name = require(each, "name", str, f"inputs[{number}].")
        if name not in expected:
            raise InvalidRequestError(f"input {quote(name)} is unknown: the model has {join(expected)}")
        if name in arrays:
            raise InvalidRequestError(f"input {quote(name)} is given twice")
        try:
            arrays[name], binary = read_input(each, binary, expected[name])
        except TensorError as error:
            raise InvalidRequestError(f"input {quote(name)}: {error}") from None
    if missing := expected.keys() - arrays.keys():
        raise InvalidRequestError(f"inputs are missing: {join(missing)}")
    if binary:
        raise InvalidRequestError(f"the body has {len(binary)} bytes after its JSON and its tensors")
    return arrays


def read_input(given: dict[str, Any], binary: memoryview, tensor: Tensor) -> tuple[NDArray[Any], memoryview]:
    """Return the array of one input, and the bytes that are left for the next ones."""
    where = f"input {quote(tensor.name)}: its "
    datatype, shape = require(given, "datatype", str, where), require(given, "shape", list, where)
    if datatype != tensor.datatype:
        raise TensorError(f"its datatype must be {tensor.datatype}, not {quote(datatype)}")
    check_shape(shape, tensor.shape)
    size = get(get(given, "parameters", dict, where) or {}, "binary_data_size", int, where)
    if size is None:
        return from_json(require(given, "data", list, where), datatype, shape), binary
    if "data" in given:
        raise TensorError("it has both data and binary_data_size: send one of them")
    if not 0 <= size <= len(binary):
        raise TensorError(
            f"its binary_data_size is {size}, but {len(binary)} bytes are left after the JSON, "
            "whose length Inference-Header-Content-Length must say"
        )
    return from_binary(binary[:size], datatype, shape), binary[size:]


def check_shape(shape: list[Any], expected: list[int]) -> None:
    """Raise `TensorError` unless an input of the model may have this shape."""
    if len(shape) == len(expected):
        for size, wanted in zip(shape, expected, strict=True):
            if type(size) is not int or size < 0 or wanted not in {-1, size}:
                break
        else:
            return
    raise TensorError(f"its shape must be {expected}, where -1 is any size, not {quote(shape)}")


def read_outputs(request: dict[str, Any], names: list[str]) -> list[RequestedOutput]:
    """Return the outputs that the client wants: all, unless the request names some."""
    parameters = get(request, "parameters", dict) or {}
    binary = get(parameters, "binary_data_output", bool, "parameters.") or False
    given = get(request, "outputs", list)
    if not given:
        return [RequestedOutput(name, binary) for name in names]
    outputs: dict[str, RequestedOutput] = {}
    for number, each in enumerate(given):
        where = f"outputs[{number}]"
        check_kind(each, dict, where)
        name = require(each, "name", str, f"{where}.")
        if name not in names:
            raise InvalidRequestError(f"output {quote(name)} is unknown: the model has {join(names)}")
        if name in outputs:
            raise InvalidRequestError(f"output {quote(name)} is requested twice")
        own_parameters = get(each, "parameters", dict, f"{where}.") or {}
        own = get(own_parameters, "binary_data", bool, f"{where}.parameters.")
        outputs[name] = RequestedOutput(name, binary if own is None else own)
    return list(outputs.values())


def require(holder: dict[str, Any], key: str, kind: type, where: str = "") -> Any:
    """Return the value of a key; raise `InvalidRequestError` if it is missing or of another kind."""
    value = get(holder, key, kind, where)
    if value is None:
        raise InvalidRequestError(f"{where}{key} is missing: it must be {KINDS[kind]}")
    return value


def get(holder: dict[str, Any], key: str, kind: type, where: str = "") -> Any:
    """Return the value of a key, or `None` if it is missing or null."""
    value = holder.get(key)
    if value is not None:
        check_kind(value, kind, f"{where}{key}")
    return value


def check_kind(value: object, kind: type, name: str) -> None:
    """Raise `InvalidRequestError` unless a value is of this kind."""
    if type(value) is not kind:  # isinstance would take true for an integer
        raise InvalidRequestError(f"{name} must be {KINDS[kind]}")


def quote(value: object) -> str:
    """Return a part of the request, shortened, as a message repeats it."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"


def join(names: Collection[str]) -> str:
    """Return names as a message lists them."""
    return ", ".join(map(quote, sorted(names)))
