from pathlib import Path

import numpy as np
import pytest

from service import model_runtime
from service.model_runtime import FILE_NAME


def field(number: int, content: bytes) -> bytes:
    """Return a short field of a message, as Protocol Buffers encode it."""
    return bytes([number << 3 | 2, len(content)]) + content


def number(place: int, value: int) -> bytes:
    return bytes([place << 3, value])


def tensor(name: bytes, datatype: int) -> bytes:
    """Return what a graph says of an input or output with one free dimension."""
    shape = field(1, field(2, b"N"))
    return field(1, name) + field(2, field(1, number(1, datatype) + field(2, shape)))


def gather() -> bytes:
    """Return a model that looks its inputs up in a table of two floats; `onnx.proto` has the numbers."""
    node = field(1, b"table") + field(1, b"index") + field(2, b"found") + field(4, b"Gather")
    table = number(1, 2) + number(2, 1) + field(8, b"table") + field(9, bytes(8))
    inputs, outputs = field(11, tensor(b"index", 7)), field(12, tensor(b"found", 1))
    graph = field(1, node) + field(2, b"graph") + field(5, table) + inputs + outputs
    return number(1, 8) + field(7, graph) + field(8, field(1, b"") + number(2, 17))


def test_what_the_model_refuses_is_raised_and_written_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE_NAME).write_bytes(gather())
    model = model_runtime.load(tmp_path)
    assert model.infer({"index": np.array([1])})["found"].tolist() == [0]
    with pytest.raises(Exception, match="out of data bounds"):
        model.infer({"index": np.array([99])})
    assert capfd.readouterr() == ("", "")
