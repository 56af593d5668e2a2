"""A request of the Open Inference Protocol v2, read: the JSON, and the bytes that may come after it.

Specification: kserve/open-inference-protocol, `specification/protocol/inference_rest.md`. What it does not
name is ignored, as are parameters that are not of the binary extension.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from service.errors import InvalidRequestError
from service.open_inference import binary_tensors, json_tensors
from service.open_inference.json_fields import expect, list_names, read_object, shorten, take
from service.tensors import Arrays, Tensor, TensorError


class WantedOutput(NamedTuple):
    """The name of an output that the caller wants, and whether in binary."""

    name: str
    binary: bool


class InferRequest(NamedTuple):
    """What a model is asked: an array for each of its inputs."""

    id: str | None
    inputs: Arrays
    outputs: list[WantedOutput]


def read(
    body: bytes, header_length: int | None, inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> InferRequest:
    """Read a body whose JSON has so many bytes, or all of them, for a model with these inputs and outputs.

    Raises `InvalidRequestError` with the first thing that is wrong.
    """
    length = len(body) if header_length is None else header_length
    if length > len(body):
        raise InvalidRequestError(
            f"Inference-Header-Content-Length is {length}, but the body has {len(body)} bytes"
        )
    whole = memoryview(body)
    asked, rest = read_object(whole[:length]), whole[length:]
    return InferRequest(
        take(asked, "id", str, optional=True),
        read_inputs(take(asked, "inputs", list), rest, inputs),
        choose_outputs(asked, outputs),
    )


def read_inputs(given: list[Any], rest: memoryview, inputs: Sequence[Tensor]) -> Arrays:
    """Return an array for each input of a model; the bytes of those in binary follow each other."""
    expected = {tensor.name: tensor for tensor in inputs}
    arrays: Arrays = {}
    for number, each in enumerate(given):
        name = take(expect(each, dict, f"inputs[{number}]"), "name", str, f"inputs[{number}].")
        if name not in expected or name in arrays:
            reason = "is given twice" if name in arrays else f"is not one of {list_names(expected)}"
            raise InvalidRequestError(f"input {shorten(name)} {reason}")
        try:
            arrays[name], rest = read_input(each, rest, expected[name])
        except TensorError as error:
            raise InvalidRequestError(f"input {shorten(name)}: {error}") from None
    if len(arrays) < len(expected):
        missing = list_names(expected.keys() - arrays.keys())
        raise InvalidRequestError(
            f"the model takes {list_names(expected)}, and of these are missing: {missing}"
        )
    if rest:
        raise InvalidRequestError(f"the body has {len(rest)} bytes beyond its JSON and its inputs")
    return arrays


def read_input(each: dict[str, Any], rest: memoryview, tensor: Tensor) -> tuple[Any, memoryview]:
    """Return the array that an input is, and the bytes that are left for those after it."""
    where = f"input {shorten(tensor.name)}: its "
    datatype, shape = take(each, "datatype", str, where), take(each, "shape", list, where)
    if datatype != tensor.datatype:
        raise TensorError(f"its datatype is {tensor.datatype}, not {shorten(datatype)}")
    check_shape(shape, tensor.shape)
    parameters = take(each, "parameters", dict, where, optional=True) or {}
    if "binary_data_size" not in parameters:
        return json_tensors.to_array(take(each, "data", list, where), datatype, shape), rest
    size = take(parameters, "binary_data_size", int, where)
    if "data" in each:
        raise TensorError("it has both data and binary_data_size, and only one of them can hold")
    if not 0 <= size <= len(rest):
        raise TensorError(
            f"its binary_data_size is {size}, but {len(rest)} bytes are left after the JSON, "
            "whose own length Inference-Header-Content-Length must say"
        )
    return binary_tensors.to_array(rest[:size], datatype, shape), rest[size:]


def check_shape(shape: list[Any], expected: list[int]) -> None:
    """Raise `TensorError` unless a shape is one that an input may have."""
    for size in shape:
        if type(size) is not int or size < 0:
            raise TensorError("its shape must be a list of whole numbers, and none of them negative")
    fits = [wanted in (-1, size) for wanted, size in zip(expected, shape, strict=False)]
    if len(shape) != len(expected) or not all(fits):
        raise TensorError(f"its shape is {expected}, where -1 stands for any number, not {shorten(shape)}")


def choose_outputs(asked: dict[str, Any], outputs: Sequence[Tensor]) -> list[WantedOutput]:
    """Return the outputs that are wanted: all, unless the request names some."""
    parameters = take(asked, "parameters", dict, optional=True) or {}
    binary = take(parameters, "binary_data_output", bool, "parameters.", optional=True) or False
    given = take(asked, "outputs", list, optional=True)
    names = [tensor.name for tensor in outputs]
    if not given:
        return [WantedOutput(name, binary) for name in names]
    wanted: dict[str, WantedOutput] = {}
    for number, each in enumerate(given):
        output = read_output(each, f"outputs[{number}]", binary)
        if output.name not in names or output.name in wanted:
            reason = "is asked for twice" if output.name in wanted else f"is not one of {list_names(names)}"
            raise InvalidRequestError(f"output {shorten(output.name)} {reason}")
        wanted[output.name] = output
    return list(wanted.values())


def read_output(each: Any, where: str, binary: bool) -> WantedOutput:
    """Return an output that a request names; its own `binary_data` is stronger than the request's."""
    expect(each, dict, where)
    parameters = take(each, "parameters", dict, f"{where}.", optional=True) or {}
    own = take(parameters, "binary_data", bool, f"{where}.parameters.", optional=True)
    return WantedOutput(take(each, "name", str, f"{where}."), binary if own is None else own)
