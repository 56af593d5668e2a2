"""Mapped weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from service.errors import ModelError
from service.weights import DTYPES, map_weights

MAPS = Path("/proc/self/maps")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def write(file: Path, dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> Path:
    """Write a file with one tensor of eight bytes, described rightly or wrongly."""
    header = json.dumps({"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    return file


def test_every_type_of_numbers_is_read_as_it_was_saved(file: Path) -> None:
    tensors = {name: np.array([[0, 1, 1]] * 5, dtype) for name, dtype in DTYPES.items()}
    tensors |= {"scalar": np.array(7.5), "nothing": np.empty((0, 3), np.float32)}
    save_file(tensors, file, metadata={"from": "a test"})
    mapped = map_weights(file)
    assert mapped.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(mapped[name], tensor, strict=True)
        assert mapped[name].flags.aligned


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux says what is mapped")
def test_weights_are_mapped_and_not_copied(file: Path) -> None:
    save_file({"a": np.ones((1 << 20, 4), np.float32)}, file)
    array = map_weights(file)["a"]
    (mapping,) = [line.partition(" ")[0] for line in MAPS.read_text().splitlines() if str(file) in line]
    first, last = (int(address, 16) for address in mapping.split("-"))
    assert first < array.ctypes.data < array.ctypes.data + array.nbytes <= last
    assert not array.flags.writeable


@pytest.mark.parametrize(
    "wrong",
    [
        {"dtype": "BF16"},
        {"dtype": ["F32"]},
        {"shape": "two"},
        {"shape": [1e999]},
        {"shape": (2, 10**30)},
        {"shape": (-1, -2)},
        {"offsets": [0]},
        {"offsets": (8, 16)},
        {"offsets": (-8, 0)},
    ],
)
def test_a_wrong_header_is_refused_in_one_sentence(file: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(
        ModelError, match=r"is not a complete safetensors file \(.+\): save or copy it again$"
    ):
        map_weights(write(file, **wrong))


def test_a_file_that_ends_early_is_refused_wherever_that_is(file: Path) -> None:
    content = save({"a": np.ones(3, np.float32)})
    for size in range(len(content)):
        file.write_bytes(content[:size])
        with pytest.raises(ModelError, match="is not a complete safetensors file"):
            map_weights(file)
