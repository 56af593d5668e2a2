import numpy as np
import pytest

from service.tensors import DTYPES, Tensor, TensorError, check_inputs, datatype_of, to_array, zeros


@pytest.mark.parametrize("datatype", DTYPES)
def test_each_datatype_has_one_type_and_back(datatype: str) -> None:
    assert datatype_of(DTYPES[datatype]) == datatype


@pytest.mark.parametrize("array", [np.array(["a", "bcd"]), np.array([b"a"]), np.array(["a"], dtype=object)])
def test_text_of_any_length_is_bytes(array: np.ndarray) -> None:
    assert datatype_of(array.dtype) == "BYTES"


def test_the_order_of_bytes_does_not_matter() -> None:
    assert datatype_of(np.dtype(">f4")) == "FP32"


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("BOOL", [True, False]),
        ("UINT8", [0, 255]),
        ("INT64", [-(2**63), 2**63 - 1]),
        ("UINT64", [0, 2**64 - 1]),
        ("FP16", [0.5, 1]),
        ("FP64", [[0.1], [1e300]]),
        ("BYTES", ["", "é"]),
    ],
)
def test_data_becomes_an_array_of_its_datatype(datatype: str, data: list[object]) -> None:
    array = to_array(data, datatype, [2, 1])
    assert array.dtype == DTYPES[datatype]
    assert array.shape == (2, 1)
    assert array.ravel().tolist() == [each[0] if isinstance(each, list) else each for each in data]


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("UINT8", [256]),
        ("UINT8", [-1]),
        ("INT64", [2**63]),
        ("UINT64", [2**64]),
        ("INT32", [0.5]),
        ("INT32", ["1"]),
        ("FP16", [1e6]),
        ("FP32", [1e300]),
        ("FP32", ["1"]),
        ("FP32", [None]),
        ("BOOL", [1]),
        ("BYTES", [1]),
        ("BYTES", [{}]),
        ("BYTES", [None]),
        ("FP128", [1]),
    ],
)
def test_data_that_its_datatype_cannot_hold_is_refused(datatype: str, data: list[object]) -> None:
    with pytest.raises(TensorError):
        to_array(data, datatype, [1])


def test_the_smallest_arrays_fit_the_inputs_that_they_are_for() -> None:
    inputs = [Tensor("a", "FP32", [-1, 3]), Tensor("b", "BYTES", [-1]), Tensor("c", "BOOL", [])]
    arrays = zeros(inputs)
    check_inputs(arrays, inputs)
    assert [array.shape for array in arrays.values()] == [(1, 3), (1,), ()]
