"""What a model's inputs and outputs are made of, in the words of the Open Inference Protocol v2."""

import math
import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


# The protocol's datatypes and the NumPy types that hold them; BYTES are strings, here as Python's objects.
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
# The kinds of arrays that NumPy makes of JSON which hold, if in range, what each kind of type can.
FOUND_AS = {"b": "b", "i": "iu", "u": "iu", "f": "iuf", "O": "O"}
# What Python says of a number that is too large for a type, or is no whole number.
NO_INTEGER = (OverflowError, TypeError)
DATATYPES = {dtype: datatype for datatype, dtype in DTYPES.items()}


class Tensor(NamedTuple):
    """One named input or output of a model; a dimension of -1 may have any size."""

    name: str
    datatype: str
    shape: list[int]


def datatype_of(dtype: np.dtype[Any]) -> str:
    """Return the protocol's name of a NumPy type; text of any length is BYTES.

    Raises `KeyError` for a type that the protocol has no name for.
    """
    return "BYTES" if dtype.kind in "SU" else DATATYPES[dtype.newbyteorder("=")]


class TensorError(ValueError):
    """Data is not a tensor of the datatype and shape that it says it is, or not one that a model takes."""


def to_array(data: list[Any], datatype: str, shape: list[int]) -> NDArray[Any]:
    """Turn data as JSON holds it, flat or nested, into an array; BYTES become strings as objects.

    Raises `TensorError` for a datatype that there is not, and for data that does not fit.
    """
    if datatype not in DTYPES:
        raise TensorError(f"there is no datatype {datatype!r}: use one of {', '.join(DTYPES)}")
    array = flatten(data, datatype)
    if array.size != math.prod(shape) or any(size < 0 for size in shape):
        raise TensorError(f"data has {array.size} elements, which is not the shape {shape}")
    return cast(array, DTYPES[datatype], datatype).reshape(shape)


def flatten(data: list[Any], datatype: str) -> NDArray[Any]:
    """Return all elements in row-major order, in the type that NumPy finds for them."""
    try:
        array = np.array(data, dtype=object if datatype == "BYTES" else None).ravel()
        if datatype == "UINT64" and array.dtype.kind == "f":
            # NumPy takes large and small numbers together for floats; OverflowError if they are too large.
            array = np.array([operator.index(each) for each in np.array(data, dtype=object).flat], np.uint64)
    except NO_INTEGER:
        raise TensorError(f"data holds what {datatype} cannot") from None
    except ValueError:
        raise TensorError("data is nested unevenly, or too deeply") from None
    if array.size and array.dtype.kind not in FOUND_AS[DTYPES[datatype].kind]:
        raise TensorError(f"data holds what {datatype} cannot")
    if datatype == "BYTES" and not all(isinstance(element, str) for element in array):
        raise TensorError("data holds what is no text")
    return array


def cast(array: NDArray[Any], dtype: np.dtype[Any], datatype: str) -> NDArray[Any]:
    """Return the elements as a type; raise `TensorError` if one is out of its range."""
    with np.errstate(over="ignore"):
        made = array.astype(dtype)
    fits = np.isfinite(made).all() if dtype.kind == "f" else np.array_equal(made, array)
    if not fits:
        raise TensorError(f"data holds a number that is out of the range of {datatype}")
    return made


def check_inputs(arrays: Arrays, inputs: list[Tensor]) -> None:
    """Raise `TensorError` unless there is an array for each input, of its datatype and shape."""
    expected = {tensor.name: tensor for tensor in inputs}
    if arrays.keys() != expected.keys():
        given = ", ".join(arrays) or "none"
        raise TensorError(f"the model takes the inputs {', '.join(expected)}, not {given}")
    for name, array in arrays.items():
        tensor = expected[name]
        if datatype_of(array.dtype) != tensor.datatype:
            raise TensorError(f"input {name} is {tensor.datatype}, not {datatype_of(array.dtype)}")
        if len(array.shape) != len(tensor.shape) or any(
            wanted not in {-1, size} for wanted, size in zip(tensor.shape, array.shape, strict=True)
        ):
            raise TensorError(f"input {name} has the shape {tensor.shape}, not {list(array.shape)}")


def zeros(inputs: list[Tensor]) -> Arrays:
    """Return the smallest arrays that fit: a dimension that may have any size has size 1."""
    return {tensor.name: make_zeros(DTYPES[tensor.datatype], tensor.shape) for tensor in inputs}


def make_zeros(dtype: np.dtype[Any], shape: list[int]) -> NDArray[Any]:
    """Return zeros, or empty texts."""
    return np.full([abs(size) for size in shape], "" if dtype.kind == "O" else 0, dtype=dtype)
