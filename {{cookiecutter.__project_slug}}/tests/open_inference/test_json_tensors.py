import math

import numpy as np
import orjson
import pytest

from service.open_inference.json_tensors import CODES, to_array, to_data
from service.tensors import DTYPES, TensorError


@pytest.mark.parametrize("datatype", CODES)
def test_the_packed_size_of_each_datatype_is_its_size(datatype: str) -> None:
    assert (
        to_array([1 == 1] if datatype == "BOOL" else [1], datatype, [1]).itemsize == DTYPES[datatype].itemsize
    )


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("BOOL", [True, False]),
        ("UINT8", [0, 255]),
        ("UINT16", [0, 65535]),
        ("UINT32", [0, 2**32 - 1]),
        ("UINT64", [0, 2**64 - 1]),
        ("INT8", [-128, 127]),
        ("INT16", [-(2**15), 2**15 - 1]),
        ("INT32", [-(2**31), 2**31 - 1]),
        ("INT64", [-(2**63), 2**63 - 1]),
        ("FP16", [0.5, 65504]),
        ("FP32", [1, -0.25]),
        ("FP64", [[0.1], [1e300]]),
        ("BYTES", ["", "é"]),
        ("BYTES", [["a"], ["b" * 1000]]),
    ],
)
def test_data_becomes_an_array_of_its_datatype(datatype: str, data: list[object]) -> None:
    array = to_array(data, datatype, [2, 1])
    assert array.dtype == DTYPES[datatype]
    assert array.shape == (2, 1)
    assert array.ravel().tolist() == [each[0] if isinstance(each, list) else each for each in data]


@pytest.mark.parametrize(
    ("datatype", "element"),
    [
        ("UINT8", 256),
        ("UINT8", -1),
        ("INT8", 128),
        ("INT64", 2**63),
        ("UINT64", 2.0**64),
        ("UINT64", -1),
        ("INT32", 0.5),
        ("INT32", 1.0),
        ("INT32", True),
        ("INT32", "1"),
        ("FP16", 65520),
        ("FP32", 3.5e38),
        ("FP32", "1"),
        ("FP32", False),
        ("FP64", None),
        ("FP64", [1]),
        ("FP64", {}),
        ("BOOL", 1),
        ("BOOL", "true"),
        ("BYTES", 1),
        ("BYTES", {}),
        ("BYTES", None),
    ],
)
def test_what_a_datatype_cannot_hold_is_refused_among_what_it_can(datatype: str, element: object) -> None:
    good = {"BOOL": True, "BYTES": "a"}.get(datatype, 1)
    for data in ([element], [good, element], [element, good]):
        with pytest.raises(TensorError):
            to_array(data, datatype, [len(data)])


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ([1, 2, 3, 4, 5, 6], [2, 3]),
        ([[1, 2, 3], [4, 5, 6]], [2, 3]),
        ([[[1], [2]], [[3], [4]], [[5], [6]]], [3, 2, 1]),
        ([7], []),
        ([], [0, 3]),
        ([[], []], [2, 0]),
    ],
)
def test_data_is_flat_or_nested_as_its_shape_is(data: list[object], shape: list[int]) -> None:
    array = to_array(data, "INT64", shape)
    assert array.shape == tuple(shape)
    assert array.ravel().tolist() == list(range(1, 7)) or array.size in {0, 1}


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ([1, 2], [3]),
        ([[1, 2], [3, 4]], [4]),
        ([[1, 2], [3, 4]], [1, 4]),
        ([[1, 2, 3], [4, 5, 6]], [3, 2]),
        ([[1, 2], [3]], [2, 2]),
        ([[1], 2], [2, 1]),
        ([1, [2]], [2]),
        ([[[1]]], [1, 1]),
        ([[1]], []),
        ([[], []], [3, 0]),
        ([[1, 2], {"a": 1, "b": 2}], [2, 2]),
        ([[1, 2], "ab"], [2, 2]),
        ([], [1]),
        ([], []),
    ],
)
def test_data_of_another_form_than_its_shape_is_refused(data: list[object], shape: list[int]) -> None:
    with pytest.raises(TensorError):
        to_array(data, "INT64", shape)


def test_one_long_text_among_many_costs_no_memory_for_the_others() -> None:
    texts = ["x" * 500_000, *[""] * 100_000]
    assert to_array(texts, "BYTES", [100_001])[0] == texts[0]
    with pytest.raises(TensorError, match="numbers"):
        to_array(texts, "FP32", [100_001])


@pytest.mark.parametrize("datatype", DTYPES)
def test_an_array_of_each_datatype_is_written_as_its_data(datatype: str) -> None:
    array = np.array([["a", "é"]] if datatype == "BYTES" else [[0, 1]], dtype=DTYPES[datatype])
    written = orjson.loads(orjson.dumps(to_data(array), option=orjson.OPT_SERIALIZE_NUMPY))
    assert written == array.ravel().tolist()
    assert to_array(written, datatype, [1, 2]).tolist() == array.tolist()


def test_any_order_of_bytes_and_of_axes_is_written_in_row_major_order() -> None:
    array = np.arange(6, dtype=">f4").reshape(3, 2).T
    written = orjson.loads(orjson.dumps(to_data(array), option=orjson.OPT_SERIALIZE_NUMPY))
    assert written == [0, 2, 4, 1, 3, 5]


def test_what_json_cannot_hold_is_written_as_null() -> None:
    data = to_data(np.array([math.nan, math.inf, 1]))
    assert orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY) == b"[null,null,1.0]"


def test_text_of_any_type_is_written_as_text_and_other_bytes_are_refused() -> None:
    for array in (np.array(["a"]), np.array([b"a"]), np.array([b"a"], dtype=object)):
        assert to_data(array) == ["a"]
    with pytest.raises(TensorError, match="in binary"):
        to_data(np.array([b"\xff"]))
