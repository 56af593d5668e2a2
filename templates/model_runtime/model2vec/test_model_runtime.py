"""Static embeddings as model2vec saves them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from service.errors import ModelError
from service.model_runtime import CONFIG, FILE_NAME, TOKENIZER, Arrays, load

UNKNOWN = "[UNK]"
EMBEDDINGS = np.array([[9, 9], [3, 4], [0, 2]], np.float32)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a model that knows the words `dog` and `cat`."""
    tokenizer = Tokenizer(WordLevel({UNKNOWN: 0, "dog": 1, "cat": 2}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / TOKENIZER))
    save_file({"embeddings": EMBEDDINGS}, tmp_path / FILE_NAME)
    (tmp_path / CONFIG).write_text("{}")
    return tmp_path


def infer(directory: Path, *texts: str, **config: Any) -> Arrays:
    (directory / CONFIG).write_text(json.dumps(config))
    return load(directory / FILE_NAME).infer({"text": np.array(texts, np.object_)})


def test_the_vector_of_a_text_is_the_mean_of_the_vectors_of_its_known_words(directory: Path) -> None:
    outputs = infer(directory, "dog", "cat dog zzqx", "zzqx", "")
    assert outputs["embedding"].tolist() == [[3, 4], [1.5, 3], [0, 0], [0, 0]]
    assert outputs["tokens"].tolist() == [1, 3, 1, 0]


def test_vectors_have_the_length_one_if_the_model_says_so(directory: Path) -> None:
    np.testing.assert_allclose(infer(directory, "dog", normalize=True)["embedding"], [[0.6, 0.8]])


def test_no_more_tokens_are_read_than_the_model_says(directory: Path) -> None:
    assert infer(directory, "cat dog dog", max_length=1)["embedding"].tolist() == [[0, 2]]


def test_a_model_may_map_and_weigh_its_tokens(directory: Path) -> None:
    arrays = {"embeddings": EMBEDDINGS[:2], "mapping": np.array([0, 1, 1]), "weights": np.array([0, 1, 0.5])}
    save_file(arrays, directory / FILE_NAME)
    assert infer(directory, "dog", "cat")["embedding"].tolist() == [[3, 4], [1.5, 2]]


def test_a_table_that_does_not_fit_the_tokenizer_is_refused(directory: Path) -> None:
    save_file({"embeddings": EMBEDDINGS[:2]}, directory / FILE_NAME)
    with pytest.raises(ModelError, match="the tokenizer has 3 tokens, the table 2 vectors"):
        load(directory / FILE_NAME)


@pytest.mark.parametrize("name", [TOKENIZER, CONFIG])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff"])
def test_a_file_that_is_missing_or_damaged_is_refused_in_one_sentence(
    directory: Path, name: str, content: bytes | None
) -> None:
    (directory / name).unlink()
    if content is not None:
        (directory / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"^[^\n]+: (save|copy) [^\n]+$"):
        load(directory / FILE_NAME)
