import numpy as np
import pytest

from service.open_inference.binary_tensors import to_array, to_bytes
from service.tensors import DTYPES, TensorError

# "For BYTES type an element is represented by a 4-byte unsigned integer giving the length followed by the
# actual bytes": from Triton's extension_binary_data.md.
TEXTS = b"\x02\x00\x00\x00ab\x00\x00\x00\x00\x02\x00\x00\x00\xc3\xa9"


@pytest.mark.parametrize("datatype", DTYPES)
def test_an_array_of_each_datatype_comes_back_from_its_bytes(datatype: str) -> None:
    array = np.array([["a", "é"]] if datatype == "BYTES" else [[0, 1]], dtype=DTYPES[datatype])
    again = to_array(memoryview(to_bytes(array)), datatype, [1, 2])
    assert again.dtype == DTYPES[datatype]
    assert again.tolist() == array.tolist()


def test_each_text_has_its_length_before_it() -> None:
    assert to_array(memoryview(TEXTS), "BYTES", [3]).tolist() == ["ab", "", "é"]
    for array in (np.array(["ab", "", "é"]), np.array([b"ab", b"", "é".encode()])):
        assert to_bytes(array) == TEXTS


# "Organized in little-endian byte order, row major, without stride or padding between elements."
def test_numbers_are_little_endian_and_row_major() -> None:
    assert to_array(memoryview(b"\x01\x00\x00\x01"), "UINT16", [2]).tolist() == [1, 256]
    assert to_bytes(np.array([[1, 2], [3, 4]], dtype=">u2").T) == b"\1\0\3\0\2\0\4\0"


def test_numbers_are_not_copied() -> None:
    raw = np.array([1, 2], dtype="<f4").tobytes()
    assert np.shares_memory(to_array(memoryview(raw), "FP32", [2]), np.frombuffer(raw, np.uint8))


@pytest.mark.parametrize("offset", range(8))
def test_numbers_lie_where_a_processor_may_read_them(offset: int) -> None:
    raw = bytes(offset) + np.array([1.5, -2], dtype="<f8").tobytes()
    array = to_array(memoryview(raw)[offset:], "FP64", [2])
    assert array.flags.aligned
    assert array.tolist() == [1.5, -2]


# "For BOOL type element true is a single byte with value 1 and false is a single byte with value 0."
def test_a_bool_is_a_byte_of_0_or_1() -> None:
    assert to_array(memoryview(b"\1\0"), "BOOL", [2]).tolist() == [True, False]
    for wrong in (b"\2\0", b"\0\xff", b"\1\2"):
        with pytest.raises(TensorError, match="neither 0 nor 1"):
            to_array(memoryview(wrong), "BOOL", [2])


@pytest.mark.parametrize("datatype", ["BOOL", "FP32", "BYTES"])
def test_nothing_is_an_array_without_elements(datatype: str) -> None:
    assert to_array(memoryview(b""), datatype, [0, 3]).shape == (0, 3)
    assert to_bytes(np.zeros((0, 3), dtype=DTYPES[datatype])) == b""


@pytest.mark.parametrize(
    ("raw", "datatype", "shape"),
    [
        (bytes(7), "FP32", [2]),
        (bytes(9), "FP32", [2]),
        (b"", "FP32", []),
        (bytes(8), "FP32", [2, 0]),
        (TEXTS, "BYTES", [2]),
        (TEXTS, "BYTES", [4]),
        (TEXTS[:-1], "BYTES", [3]),
        (TEXTS + b"\0", "BYTES", [3]),
        (b"\xff\xff\xff\xff", "BYTES", [1]),
        (b"\1\0\0", "BYTES", [1]),
        (b"\1\0\0\0\xff", "BYTES", [1]),
        (b"\3\0\0\0\xed\xa0\x80", "BYTES", [1]),
        (b"", "FP32", [0, 2**63]),
    ],
)
def test_bytes_that_are_not_of_the_datatype_and_shape_are_refused(
    raw: bytes, datatype: str, shape: list[int]
) -> None:
    with pytest.raises(TensorError):
        to_array(memoryview(raw), datatype, shape)
