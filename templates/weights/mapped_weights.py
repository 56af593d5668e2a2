"""Weights in safetensors' format, mapped rather than read: processes that serve one file share its memory.

The format is that of huggingface/safetensors, "Format" in its README: the length of a header in eight bytes,
the header in JSON, the tensors one after the other. A mapped file must never be written in place: a process
that reads where a truncated file has ended is killed. `python -m service.models add` never does.
"""

import json
import math
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.tensors import Arrays

LARGEST_HEADER = 100_000_000  # bytes, as in the format's own reader
# The format's names of the types that NumPy has too, in the byte order of the format.
DTYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "I8": "|i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}
# What Python says of JSON that is no table, and of an entry that is no tensor's.
NO_HEADER = (ValueError, TypeError, RecursionError)
NO_ENTRY = (KeyError, TypeError, ValueError, OverflowError)


def map_weights(path: Path) -> Arrays:
    """Return the tensors of a file by name, as arrays that cannot be written to.

    Raises `ValueError` when it is not such a file, and `OSError` when it cannot be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError("its header has no end")
        header = read_header(file.read(length))
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return {name: view(content, 8 + length, entry) for name, entry in header.items()}


def read_header(content: bytes) -> dict[str, Any]:
    """Return what a header says of each tensor."""
    try:
        header = dict(json.loads(content))
    except NO_HEADER:
        raise ValueError("its header is damaged") from None
    header.pop("__metadata__", None)
    return header


def view(content: mmap.mmap, start: int, entry: Any) -> NDArray[Any]:
    """Return a tensor where it lies; raise `ValueError` if it does not lie there whole."""
    try:
        name, shape = str(entry["dtype"]), [int(size) for size in entry["shape"]]
        begin, end = map(int, entry["data_offsets"])
    except NO_ENTRY:
        raise ValueError("its header is damaged") from None
    if name not in DTYPES:
        raise ValueError(f"it holds numbers of the type {name}, which NumPy has not")
    dtype, count = np.dtype(DTYPES[name]), math.prod(shape)
    if min([begin, *shape]) < 0 or end - begin != count * dtype.itemsize or start + end > len(content):
        raise ValueError("it is not whole")
    array = np.frombuffer(content, dtype, count, start + begin).reshape(shape)
    # Off its alignment, every computation would copy it again.
    return array if array.flags.aligned else array.copy()
