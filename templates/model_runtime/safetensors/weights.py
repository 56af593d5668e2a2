"""Weights in a safetensors file, mapped instead of read: containers on a host share one copy in memory.

Never write into a mapped file: a process that reads where a shortened file has ended is killed. Replace it.
"""

import json
import math
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import ModelError

MAX_HEADER_BYTES = 100_000_000  # as in the format's own library
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


def map_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file by name, as arrays that cannot be written to.

    Raises `ModelError` if it is not a complete safetensors file, or holds a type that NumPy does not have.
    """
    try:
        with path.open("rb") as file:
            # The format: the length of the header, the header in JSON, then the tensors one after the other.
            length = int.from_bytes(file.read(8), "little")
            header = dict(json.loads(file.read(min(length, MAX_HEADER_BYTES))))
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header.pop("__metadata__", None)
        return {name: view(content, 8 + length, **entry) for name, entry in header.items()}
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"{path} is not a complete safetensors file ({error}): save or copy it again"
        ) from error


def view(
    content: mmap.mmap, start: int, dtype: str, shape: list[int], data_offsets: list[int]
) -> NDArray[Any]:
    """Return a tensor as a view of the mapped file."""
    if dtype not in DTYPES:
        raise ValueError(f"NumPy has no type for {dtype}")
    begin, end = map(int, data_offsets)
    count, item = math.prod(shape), np.dtype(DTYPES[dtype])
    if min([begin, *shape]) < 0 or end - begin != count * item.itemsize or start + end > len(content):
        raise ValueError("a tensor ends elsewhere than its header says")
    array = np.frombuffer(content, item, count, start + begin).reshape(shape)
    return array if array.flags.aligned else array.copy()  # or each computation would copy it
