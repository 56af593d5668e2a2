"""Tensors of the Open Inference Protocol v2 as NumPy arrays: datatypes, data in JSON, data in binary.

Specifications: `inference_rest.md` in kserve/open-inference-protocol, and `extension_binary_data.md` in
triton-inference-server/server. BYTES are UTF-8 texts, held as Python strings in an array of objects.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(np.object_),
}
DATATYPES = {dtype: datatype for datatype, dtype in DTYPES.items()}
# By kind of NumPy type: what the elements are in JSON. NaN is null, as in the responses.
ELEMENTS: dict[str, tuple[set[type], str]] = {
    "b": ({bool}, "true or false"),
    "u": ({int}, "integers of at most 64 bits"),
    "i": ({int}, "integers of at most 64 bits"),
    "f": ({int, float, type(None)}, "numbers"),
    "O": ({str}, "strings"),
}
LENGTH_BYTES = 4  # in binary, the length of each element of BYTES comes before it


@dataclass(frozen=True)
class Tensor:
    """An input or output that a model declares; a dimension of -1 may have any size."""

    name: str
    datatype: str
    shape: list[int]


class TensorError(ValueError):
    """The data does not fit the datatype or the shape."""


def datatype_of(dtype: np.dtype[Any]) -> str:
    """Return the protocol's name of a NumPy type; raise `KeyError` if it has none."""
    return "BYTES" if dtype.kind in "SU" else DATATYPES[dtype.newbyteorder("=")]


def make_zeros(inputs: Sequence[Tensor]) -> dict[str, NDArray[Any]]:
    """Return zeros, or empty texts, of the declared shapes; a dimension of any size has size 1."""
    arrays = {}
    for tensor in inputs:
        shape = [abs(size) for size in tensor.shape]
        arrays[tensor.name] = np.full(shape, "" if tensor.datatype == "BYTES" else 0, DTYPES[tensor.datatype])
    return arrays


def from_json(data: list[Any], datatype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Return the array for data in JSON, flat or nested as the shape."""
    elements = flatten(data, shape)
    dtype = DTYPES[datatype]
    allowed, description = ELEMENTS[dtype.kind]
    # NumPy would take true for 1, and read a number from a string.
    if not allowed.issuperset(map(type, elements)):
        raise TensorError(f"its data must be {description}, because its datatype is {datatype}")
    try:
        with np.errstate(over="ignore"):
            array = np.array(elements, dtype)
    except OverflowError:
        raise TensorError(f"its data has a number that {datatype} cannot hold") from None
    if dtype.kind == "f" and np.isinf(array).any():  # JSON has no infinity: the number was too large
        raise TensorError(f"its data has a number that {datatype} cannot hold")
    return reshape(array, shape)


def flatten(data: list[Any], shape: Sequence[int]) -> list[Any]:
    """Return all elements of flat or nested data in row-major order."""
    if data and type(data[0]) is list:
        data = [data]
        for size in shape:
            if not {list}.issuperset(map(type, data)) or not {size}.issuperset(map(len, data)):
                raise TensorError(f"its data is neither flat nor nested as its shape, {list(shape)}")
            data = list(chain.from_iterable(data))
    if len(data) != math.prod(shape):
        raise TensorError(f"its data has {len(data)} elements, but its shape is {list(shape)}")
    return data


def from_binary(raw: memoryview, datatype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Return the array for data in binary: little-endian and row-major. It may be read-only."""
    if datatype == "BYTES":
        texts = list(split_texts(bytes(raw)))
        if len(texts) != math.prod(shape):
            raise TensorError(f"its data has {len(texts)} elements, but its shape is {list(shape)}")
        return reshape(np.array(texts, DTYPES[datatype]), shape)
    dtype = DTYPES[datatype].newbyteorder("<")
    size = math.prod(shape) * dtype.itemsize
    if len(raw) != size:
        raise TensorError(
            f"its data has {len(raw)} bytes, but {datatype} of the shape {list(shape)} has {size}"
        )
    if datatype == "BOOL" and raw.tobytes().strip(b"\0\1"):
        raise TensorError("its data has a byte that is neither 0 nor 1, but its datatype is BOOL")
    array = np.frombuffer(raw, dtype).astype(DTYPES[datatype], copy=False)
    # Runtimes expect aligned numbers, and these begin wherever the JSON ended.
    return reshape(array if array.flags.aligned else array.copy(), shape)


def split_texts(raw: bytes) -> Iterator[str]:
    """Yield each element of BYTES in binary."""
    start = 0
    while start < len(raw):
        begin = start + LENGTH_BYTES
        end = begin + int.from_bytes(raw[start:begin], "little")
        if end > len(raw):
            raise TensorError(f"its data ends within the element at byte {start}")
        try:
            yield raw[begin:end].decode()
        except UnicodeDecodeError:
            raise TensorError(f"the element at byte {start} of its data is not UTF-8") from None
        start = end


def reshape(array: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """Give an array of the right size its shape."""
    try:
        return array.reshape(shape)
    except (ValueError, OverflowError):  # sizes such as [0, 2**63]
        raise TensorError("its shape is larger than an array can have") from None


def to_json(array: NDArray[Any]) -> Any:
    """Return all elements, flat and row-major, as orjson writes them; NaN and infinity become null."""
    if array.dtype.kind not in "OSU":
        return array.astype(array.dtype.newbyteorder("="), copy=False).ravel()
    try:
        return [
            element if isinstance(element, str) else bytes(element).decode()
            for element in array.ravel().tolist()
        ]
    except UnicodeDecodeError:
        raise TensorError("it is not UTF-8, so JSON cannot hold it: request it in binary") from None


def to_binary(array: NDArray[Any]) -> bytes:
    """Return all elements in binary."""
    if array.dtype.kind not in "OSU":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    texts = [
        element.encode() if isinstance(element, str) else bytes(element) for element in array.ravel().tolist()
    ]
    return b"".join(len(text).to_bytes(LENGTH_BYTES, "little") + text for text in texts)
