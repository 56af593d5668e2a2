import numpy as np
import pytest

from service.tensors import DTYPES, Tensor, TensorError, arrange, datatype_of, zeros


@pytest.mark.parametrize("datatype", DTYPES)
def test_each_datatype_has_one_type_and_back(datatype: str) -> None:
    assert datatype_of(DTYPES[datatype]) == datatype


@pytest.mark.parametrize("array", [np.array(["a", "bcd"]), np.array([b"a"]), np.array(["a"], dtype=object)])
def test_text_of_any_length_is_bytes(array: np.ndarray) -> None:
    assert datatype_of(array.dtype) == "BYTES"


def test_the_order_of_bytes_does_not_matter() -> None:
    assert datatype_of(np.dtype(">f4")) == "FP32"


def test_elements_get_their_shape_without_being_copied() -> None:
    elements = np.arange(6)
    assert np.shares_memory(arrange(elements, [2, 3]), elements)


@pytest.mark.parametrize("shape", [[0, 2**64], [0, 2**62, 2**62], [0] * 100])
def test_a_shape_that_no_array_can_have_is_refused(shape: list[int]) -> None:
    with pytest.raises(TensorError):
        arrange(np.zeros(0), shape)


def test_the_smallest_arrays_have_one_for_any_number() -> None:
    inputs = [Tensor("a", "FP32", [-1, 3]), Tensor("b", "BYTES", [-1]), Tensor("c", "BOOL", [])]
    arrays = zeros(inputs)
    assert [array.shape for array in arrays.values()] == [(1, 3), (1,), ()]
    assert [datatype_of(array.dtype) for array in arrays.values()] == ["FP32", "BYTES", "BOOL"]
