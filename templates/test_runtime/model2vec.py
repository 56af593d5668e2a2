import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from service import model_runtime
from service.errors import ModelError
from service.settings import Settings
from service.volume import model_repository

SILENT = """
import socket, sys
from pathlib import Path
from service import model_runtime, predictor
def refuse(*_): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
model_runtime.load(Path(sys.argv[1])).infer(predictor.to_inputs(predictor.EXAMPLE))
assert "huggingface_hub" not in sys.modules
"""


@pytest.fixture
def directory(settings: Settings) -> Path:
    return model_repository.find(settings).directory


def embed(directory: Path, *texts: str) -> NDArray[np.float32]:
    return model_runtime.load(directory).infer({"text": np.array(texts)})["embedding"]


def configure(directory: Path, **options: object) -> None:
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    (directory / "config.json").write_text(json.dumps(config | options), encoding="utf-8")


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_a_directory_that_lacks_a_file_is_refused(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing: a model is a directory with"):
        model_runtime.load(directory)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_file_that_is_no_part_of_a_model_is_refused_in_one_sentence(
    directory: Path, name: str, content: bytes
) -> None:
    (directory / name).write_bytes(content)
    with pytest.raises(ModelError, match="again") as caught:
        model_runtime.load(directory)
    assert str(directory) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tokenizer_and_a_table_that_do_not_fit_are_refused(directory: Path) -> None:
    vectors = load_file(directory / "model.safetensors")["embeddings"]
    save_file({"embeddings": vectors[:-1]}, directory / "model.safetensors")
    with pytest.raises(ModelError, match=f"{len(vectors)} tokens, its table {len(vectors) - 1} vectors"):
        model_runtime.load(directory)


def test_unknown_words_and_capitals_change_nothing(directory: Path) -> None:
    first, second = embed(directory, "a small dog", "A zzqx small DOG!")
    np.testing.assert_array_equal(first, second)


def test_weights_and_a_mapping_are_heeded(directory: Path) -> None:
    configure(directory, normalize=False)
    vectors = load_file(directory / "model.safetensors")["embeddings"]
    plain = embed(directory, "dog")
    size = len(vectors)
    weights, mapping = np.full(size, 0.5, dtype=np.float32), np.arange(size)[::-1].copy()
    tensors = {"embeddings": vectors[::-1].copy(), "mapping": mapping, "weights": weights}
    save_file(tensors, directory / "model.safetensors")
    np.testing.assert_allclose(embed(directory, "dog"), plain / 2)


def test_no_more_tokens_are_read_than_the_configuration_says(directory: Path) -> None:
    configure(directory, max_length=2)
    first, second = embed(directory, "a dog", "a dog car")
    np.testing.assert_array_equal(first, second)


def test_neither_network_nor_home_is_used(directory: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-c", SILENT, directory], env={"HOME": str(home)}, check=True)
    assert not list(home.iterdir())
