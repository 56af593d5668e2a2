"""Tensors in JSON: what the parser gives becomes an array, and an array what the parser's writer takes."""

import math
import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.tensors import DTYPES, TensorError, arrange

# How `struct` names each type of numbers: it is faster than NumPy at packing Python's, and it refuses what
# a type cannot hold, where NumPy would round, wrap or read a number out of a text.
CODES = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
# What `struct` says of a whole number that a type cannot hold, and of any other.
OUT_OF_RANGE = (struct.error, OverflowError)
# What the elements of each kind of NumPy's types are in JSON, and how to say so.
ELEMENTS: dict[str, tuple[set[type], str]] = {
    "b": ({bool}, "true and false"),
    "u": ({int}, "whole numbers of at most 64 bits"),
    "i": ({int}, "whole numbers of at most 64 bits"),
    "f": ({int, float}, "numbers"),
    "O": ({str}, "texts"),
}


def to_array(data: list[Any], datatype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Turn data, flat or nested as the shape is, into an array; BYTES become strings as objects.

    Raises `TensorError` if it is not of this shape, or holds what the datatype cannot.
    """
    elements = flatten(data, shape)
    dtype = DTYPES[datatype]
    allowed, description = ELEMENTS[dtype.kind]
    # The one look at each element: it tells true from 1 and "1" from 1, which what follows would not.
    if not allowed.issuperset(map(type, elements)):
        raise TensorError(f"its data must be {description}, because it is {datatype}")
    if datatype == "BYTES":
        return arrange(np.array(elements, dtype=dtype), shape)
    try:
        packed = struct.pack(f"={len(elements)}{CODES[datatype]}", *elements)
    except OUT_OF_RANGE:
        raise TensorError(f"its data holds a number that is out of the range of {datatype}") from None
    return arrange(np.frombuffer(packed, dtype), shape)


def flatten(data: list[Any], shape: Sequence[int]) -> list[Any]:
    """Return all elements in row-major order; raise `TensorError` if there are not as many as the shape has.

    Data is flat, or a list of lists for each dimension but the last.
    """
    if data and type(data[0]) is list:
        data = [data]
        for size in shape:
            if not {list}.issuperset(map(type, data)) or not {size}.issuperset(map(len, data)):
                raise TensorError(f"its data is neither flat nor nested as the shape {list(shape)} is")
            data = list(chain.from_iterable(data))
    if len(data) != math.prod(shape):
        raise TensorError(f"its data has {len(data)} elements, which is not the shape {list(shape)}")
    return data


def to_data(array: NDArray[Any]) -> Any:
    """Return all elements in row-major order, as orjson writes them; it writes null for NaN and infinity.

    Raises `TensorError` for BYTES that are no text.
    """
    if array.dtype.kind not in "OSU":
        return array.astype(array.dtype.newbyteorder("="), copy=False).ravel()
    try:
        return [text_of(element) for element in array.ravel().tolist()]
    except UnicodeDecodeError:
        raise TensorError("it is no text, so JSON cannot hold it: ask for it in binary") from None


def text_of(element: Any) -> str:
    """Return one element of an array of BYTES as text; raise `UnicodeDecodeError` if it is none."""
    return element if isinstance(element, str) else bytes(element).decode()
