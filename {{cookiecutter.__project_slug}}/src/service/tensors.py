"""What a model's inputs and outputs are made of, in the words of the Open Inference Protocol v2."""

from collections.abc import Sequence
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
# What NumPy says of a shape that no array can have, as one of no elements still may.
TOO_LARGE = (ValueError, OverflowError)
DATATYPES = {dtype: datatype for datatype, dtype in DTYPES.items()}


class Tensor(NamedTuple):
    """One named input or output of a model; a dimension of -1 may have any size."""

    name: str
    datatype: str
    shape: list[int]


class TensorError(ValueError):
    """Data is not a tensor of the datatype and shape that it says it is."""


def datatype_of(dtype: np.dtype[Any]) -> str:
    """Return the protocol's name of a NumPy type; text of any length is BYTES.

    Raises `KeyError` for a type that the protocol has no name for.
    """
    return "BYTES" if dtype.kind in "SU" else DATATYPES[dtype.newbyteorder("=")]


def arrange(elements: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """Give elements in row-major order a shape of as many; raise `TensorError` if no array can have it."""
    try:
        return elements.reshape(shape)
    except TOO_LARGE:
        raise TensorError("its shape is larger than that of any array") from None


def zeros(inputs: list[Tensor]) -> Arrays:
    """Return the smallest arrays that fit: a dimension that may have any size has size 1."""
    return {
        tensor.name: make_full(DTYPES[tensor.datatype], [abs(size) for size in tensor.shape], 0)
        for tensor in inputs
    }


def make_full(dtype: np.dtype[Any], shape: list[int], number: int) -> NDArray[Any]:
    """Return the same number everywhere, or empty texts."""
    return np.full(shape, "" if dtype.kind == "O" else number, dtype=dtype)
