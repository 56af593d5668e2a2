import numpy as np
import orjson
import pytest

from service.tensors import (
    DTYPES,
    Tensor,
    TensorError,
    datatype_of,
    from_binary,
    from_json,
    make_zeros,
    to_binary,
    to_json,
)

# "ab", "" and "é", each after its length in four bytes, as extension_binary_data.md says.
TEXTS = b"\x02\x00\x00\x00ab\x00\x00\x00\x00\x02\x00\x00\x00\xc3\xa9"


@pytest.mark.parametrize("datatype", DTYPES)
def test_each_datatype_survives_json_and_binary(datatype: str) -> None:
    array = np.array([["a", "é"]] if datatype == "BYTES" else [[0, 1]], DTYPES[datatype])
    assert datatype_of(array.dtype) == datatype
    data = orjson.loads(orjson.dumps(to_json(array), option=orjson.OPT_SERIALIZE_NUMPY))
    raw = memoryview(to_binary(array))
    for again in (from_json(data, datatype, [1, 2]), from_binary(raw, datatype, [1, 2])):
        assert again.dtype == array.dtype
        assert again.tolist() == array.tolist()


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("UINT8", [0, 255]),
        ("UINT64", [0, 2**64 - 1]),
        ("INT8", [-128, 127]),
        ("INT64", [-(2**63), 2**63 - 1]),
        ("FP16", [0.5, -65504]),
        ("FP32", [1, 3.4e38]),
        ("FP64", [0.1, 1e300]),
        ("BYTES", ["", "b" * 1000]),
    ],
)
def test_json_data_may_reach_the_limits_of_its_datatype(datatype: str, data: list[object]) -> None:
    assert from_json(data, datatype, [2]).tolist() == np.array(data, DTYPES[datatype]).tolist()


@pytest.mark.parametrize(
    ("datatype", "element"),
    [
        ("UINT8", 256),
        ("UINT8", -1),
        ("INT64", 2**63),
        ("UINT64", 2.0**64),
        ("INT32", 1.0),
        ("INT32", True),
        ("INT32", "1"),
        ("INT32", None),
        ("FP16", 65520),
        ("FP32", 3.5e38),
        ("FP64", "1"),
        ("FP64", False),
        ("FP64", [1]),
        ("BOOL", 1),
        ("BOOL", None),
        ("BYTES", 1),
        ("BYTES", None),
    ],
)
def test_json_data_that_the_datatype_cannot_hold_is_refused(datatype: str, element: object) -> None:
    good = {"BOOL": True, "BYTES": "a"}.get(datatype, 1)
    with pytest.raises(TensorError, match="its data"):
        from_json([good, element], datatype, [2])


def test_nan_is_null_in_json_in_both_directions() -> None:
    for datatype in ("FP16", "FP32", "FP64"):
        array = from_json([None, 1], datatype, [2])
        assert np.isnan(array).tolist() == [True, False]
        assert orjson.dumps(to_json(array), option=orjson.OPT_SERIALIZE_NUMPY) == b"[null,1.0]"


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ([1, 2, 3, 4, 5, 6], [2, 3]),
        ([[1, 2, 3], [4, 5, 6]], [2, 3]),
        ([[[1], [2]], [[3], [4]], [[5], [6]]], [3, 2, 1]),
        ([1], []),
        ([], [0, 3]),
    ],
)
def test_json_data_is_flat_or_nested_as_its_shape(data: list[object], shape: list[int]) -> None:
    array = from_json(data, "INT64", shape)
    assert array.shape == tuple(shape)
    assert array.ravel().tolist() == list(range(1, array.size + 1))


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ([1, 2], [3]),
        ([[1, 2], [3, 4]], [4]),
        ([[1, 2, 3], [4, 5, 6]], [3, 2]),
        ([[1, 2], [3]], [2, 2]),
        ([[1], 2], [2, 1]),
        ([1, [2]], [2]),
        ([[[1]]], [1, 1]),
        ([[1]], []),
        ([[1, 2], "ab"], [2, 2]),
        ([], []),
        ([], [0, 2**63]),
    ],
)
def test_json_data_of_another_shape_is_refused(data: list[object], shape: list[int]) -> None:
    with pytest.raises(TensorError):
        from_json(data, "INT64", shape)


def test_binary_data_is_little_endian_and_row_major() -> None:
    assert from_binary(memoryview(b"\x01\x00\x00\x01"), "UINT16", [2]).tolist() == [1, 256]
    assert to_binary(np.array([[1, 2], [3, 4]], dtype=">u2").T) == b"\1\0\3\0\2\0\4\0"


def test_binary_texts_have_their_length_before_them() -> None:
    assert from_binary(memoryview(TEXTS), "BYTES", [3]).tolist() == ["ab", "", "é"]
    for array in (np.array(["ab", "", "é"]), np.array([b"ab", b"", "é".encode()])):
        assert to_binary(array) == TEXTS


@pytest.mark.parametrize("offset", range(8))
def test_binary_numbers_are_copied_only_to_align_them(offset: int) -> None:
    raw = bytes(offset) + np.array([1.5, -2], dtype="<f8").tobytes()
    array = from_binary(memoryview(raw)[offset:], "FP64", [2])
    assert array.flags.aligned
    assert array.tolist() == [1.5, -2]
    if offset == 0:
        assert np.shares_memory(array, np.frombuffer(raw, np.uint8))


@pytest.mark.parametrize(
    ("raw", "datatype", "shape"),
    [
        (bytes(7), "FP32", [2]),
        (bytes(9), "FP32", [2]),
        (b"", "FP32", []),
        (b"\2\0", "BOOL", [2]),
        (TEXTS, "BYTES", [2]),
        (TEXTS[:-1], "BYTES", [3]),
        (TEXTS + b"\0", "BYTES", [3]),
        (b"\xff\xff\xff\xff", "BYTES", [1]),
        (b"\1\0\0\0\xff", "BYTES", [1]),
        (b"", "FP32", [0, 2**63]),
    ],
)
def test_binary_data_that_does_not_fit_is_refused(raw: bytes, datatype: str, shape: list[int]) -> None:
    with pytest.raises(TensorError):
        from_binary(memoryview(raw), datatype, shape)


def test_bytes_that_are_not_utf8_fit_only_in_binary() -> None:
    array = np.array([b"\xff"])
    assert to_binary(array) == b"\1\0\0\0\xff"
    with pytest.raises(TensorError, match="in binary"):
        to_json(array)


def test_zeros_have_one_row_where_the_model_takes_any_number() -> None:
    arrays = make_zeros([Tensor("a", "FP32", [-1, 3]), Tensor("b", "BYTES", [-1]), Tensor("c", "BOOL", [])])
    assert [array.shape for array in arrays.values()] == [(1, 3), (1,), ()]
    assert arrays["b"].tolist() == [""]
