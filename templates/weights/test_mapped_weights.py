import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from service.mapped_weights import DTYPES, map_weights


def write(path: Path, header: object, content: bytes = b"", length: int | None = None) -> Path:
    """Write a file with whatever header."""
    text = json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + content)
    return path


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_every_type_of_numbers_is_read_as_it_was_saved(file: Path) -> None:
    tensors = {name: np.array([[0, 1, 1]] * 5, dtype=dtype) for name, dtype in DTYPES.items()}
    tensors |= {"scalar": np.array(7.5), "nothing": np.empty((0, 3), dtype=np.float32)}
    save_file(tensors, file, metadata={"from": "a test"})
    mapped = map_weights(file)
    assert mapped.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(mapped[name], tensor)
        assert (mapped[name].dtype, mapped[name].shape) == (tensor.dtype, tensor.shape)


def test_no_byte_is_copied_and_none_can_be_written_to(file: Path) -> None:
    save_file({"a": np.ones((1 << 20, 4), dtype=np.float32)}, file)
    array = map_weights(file)["a"]
    mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if str(file) in line]
    (first, last), *more = [[int(end, 16) for end in words[0].split("-")] for words in mapped]
    assert not more
    assert first < array.ctypes.data < array.ctypes.data + array.nbytes <= last
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


def test_a_file_that_is_replaced_by_another_does_not_change_what_is_mapped(file: Path) -> None:
    save_file({"a": np.ones(1 << 20, dtype=np.float32)}, file)
    array = map_weights(file)["a"]
    save_file({"a": np.zeros(7, dtype=np.float32)}, file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)
    assert array.sum() == 1 << 20


def test_numbers_that_do_not_lie_where_the_processor_likes_it_are_copied(file: Path) -> None:
    content = np.arange(3, dtype="<f4").tobytes()
    header = entry(shape=[3], offsets=[0, 12])
    for padding in range(4):
        header["__metadata__"] = {"padding": "x" * padding}
        array = map_weights(write(file, header, content))["a"]
        assert array.flags.aligned
        assert array.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "header",
    [
        [7],
        "text",
        7,
        {"a": 7},
        {"a": {}},
        entry(shape="two"),
        entry(shape=7),
        entry(shape=[1e999]),
        entry(offsets=[0]),
        entry(offsets=[0, "end"]),
    ],
)
def test_a_header_of_another_kind_is_refused(file: Path, header: object) -> None:
    with pytest.raises(ValueError, match="its header is damaged"):
        map_weights(write(file, header, bytes(8)))


@pytest.mark.parametrize(
    "header",
    [
        entry(offsets=(0, 4)),
        entry(offsets=(8, 16)),
        entry(offsets=(-8, 0)),
        entry(offsets=(8, 0)),
        entry(shape=(-1, -2)),
        entry(shape=(2, 10**30)),
    ],
)
def test_a_tensor_that_does_not_lie_in_the_file_is_refused(file: Path, header: object) -> None:
    with pytest.raises(ValueError, match="it is not whole"):
        map_weights(write(file, header, bytes(8)))


@pytest.mark.parametrize("dtype", ["BF16", ["F32"], None])
def test_numbers_that_numpy_has_not_are_refused_by_their_name(file: Path, dtype: object) -> None:
    with pytest.raises(ValueError, match="which NumPy has not"):
        map_weights(write(file, entry(dtype=dtype, offsets=(0, 4)), bytes(8)))


@pytest.mark.parametrize("length", [0, 3, 10_000, 1 << 40])
def test_a_header_of_another_length_is_refused(file: Path, length: int) -> None:
    with pytest.raises(ValueError, match="its header"):
        map_weights(write(file, entry(), bytes(8), length))


def test_a_file_that_ends_early_is_refused_wherever_that_is(file: Path) -> None:
    content = save({"a": np.ones(3, dtype=np.float32)})
    for size in range(len(content)):
        file.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"header|whole"):
            map_weights(file)
