"""Tensors in binary: bytes beside the JSON become an array without being copied where it can, and back.

Specification: triton-inference-server/server, `docs/protocol/extension_binary_data.md`. All is little-endian
and row-major; a BOOL is one byte, 0 or 1; each of BYTES has its length before it, as 4 bytes.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.tensors import DTYPES, TensorError, arrange

LENGTH_BYTES = 4


def to_array(raw: memoryview, datatype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Turn bytes into an array, which cannot be written to; BYTES become strings as objects.

    Raises `TensorError` if there are not as many as the shape has, or they are not of the datatype.
    """
    count = math.prod(shape)
    if datatype == "BYTES":
        texts = list(split(bytes(raw)))
        if len(texts) != count:
            raise TensorError(f"its data has {len(texts)} elements, which is not the shape {list(shape)}")
        return arrange(np.array(texts, dtype=DTYPES[datatype]), shape)
    dtype = DTYPES[datatype].newbyteorder("<")
    if len(raw) != count * dtype.itemsize:
        raise TensorError(
            f"its data has {len(raw)} bytes, but {datatype} of the shape {list(shape)} "
            f"has {count * dtype.itemsize}"
        )
    if datatype == "BOOL" and raw.tobytes().strip(b"\0\1"):
        raise TensorError("its data holds a byte that is neither 0 nor 1, because it is BOOL")
    elements = np.frombuffer(raw, dtype).astype(DTYPES[datatype], copy=False)
    # A model runtime reads numbers where numbers of their size may lie; what comes after JSON lies anywhere.
    return arrange(elements if elements.flags.aligned else elements.copy(), shape)


def split(raw: bytes) -> Iterator[str]:
    """Give each text of a tensor of BYTES.

    Raises `TensorError` where a length leads beyond the end, or what it leads over is not UTF-8.
    """
    start = 0
    while start < len(raw):
        begin = start + LENGTH_BYTES
        end = begin + int.from_bytes(raw[start:begin], "little")
        if end > len(raw):
            raise TensorError(f"its data ends amid an element, the one that begins at byte {start}")
        try:
            yield raw[begin:end].decode()
        except UnicodeDecodeError:
            raise TensorError(f"its element that begins at byte {start} is not UTF-8") from None
        start = end


def to_bytes(array: NDArray[Any]) -> bytes:
    """Return all elements as the extension has them; texts in UTF-8."""
    if array.dtype.kind not in "OSU":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return b"".join(map(with_length, array.ravel().tolist()))


def with_length(element: str | bytes) -> bytes:
    """Return an element of BYTES with its length before it."""
    content = element.encode() if isinstance(element, str) else bytes(element)
    return len(content).to_bytes(LENGTH_BYTES, "little") + content
