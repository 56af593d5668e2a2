import numpy as np
import pytest

from service.tensors import DTYPES, datatype_of


@pytest.mark.parametrize("datatype", DTYPES)
def test_each_datatype_has_one_type_and_back(datatype: str) -> None:
    assert datatype_of(DTYPES[datatype]) == datatype


@pytest.mark.parametrize("array", [np.array(["a", "bcd"]), np.array([b"a"]), np.array(["a"], dtype=object)])
def test_text_of_any_length_is_bytes(array: np.ndarray) -> None:
    assert datatype_of(array.dtype) == "BYTES"


def test_the_order_of_bytes_does_not_matter() -> None:
    assert datatype_of(np.dtype(">f4")) == "FP32"
