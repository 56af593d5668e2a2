"""Static embeddings as model2vec saves them: load a directory, then turn texts into vectors.

Such a model is a tokenizer and a table of vectors: a text's vector is the mean of its tokens'. This reads
the two by itself, because the package `model2vec` imports a client of the Hugging Face hub to read a
directory. The answers are the same.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import ModelError
from service.mapped_weights import map_weights
from service.tensors import Arrays, Tensor

# One text is too little for several threads; requests run in threads of their own. Told before the import.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from tokenizers import Tokenizer

FILE_NAME = "model.safetensors"
# How the Open Inference Protocol names it: project and format.
PLATFORM = "model2vec_safetensors"
# Whether one call computes in several threads, or several calls do at once.
HAS_OWN_THREADS = False
# Whether the file is mapped: then it need not fit into memory, and processes share it.
IS_MAPPED = True
TOKENIZER, CONFIG = "tokenizer.json", "config.json"
FILES = (FILE_NAME, TOKENIZER, CONFIG)
# Tokens of a text that are read, if the configuration does not say; model2vec's own default.
MAX_LENGTH = 512


class Model:
    """A loaded model; several threads may ask it at once."""

    def __init__(self, arrays: Arrays, tokenizer: Tokenizer, config: dict[str, Any]) -> None:
        """Prepare a tokenizer [T tokens] and a table of vectors [V, D].

        V is T unless `mapping` [T] says which vector is a token's; `weights` [T] says how much it counts.
        """
        size = tokenizer.get_vocab_size()
        self._vectors = arrays["embeddings"]
        self._mapping = arrays.get("mapping", np.arange(size))
        self._weights = arrays.get("weights", np.ones(size, dtype=np.float32)).astype(np.float32)
        if {len(self._mapping), len(self._weights)} != {size} or self._mapping.max() >= len(self._vectors):
            raise ValueError(f"its tokenizer has {size} tokens, its table {len(self._vectors)} vectors")
        if not np.isfinite([self._vectors.min(), self._vectors.max()]).all():
            raise ValueError("its table holds what is no number")
        self._normalize = config.get("normalize", False)
        self._tokenizer = tokenizer
        self._unknown = find_unknown(tokenizer)
        self._longest = limit_length(tokenizer, config.get("max_length", MAX_LENGTH))
        self.inputs = [Tensor("text", "BYTES", [-1])]
        self.outputs = [Tensor("embedding", "FP32", [-1, self._vectors.shape[1]])]

    def infer(self, inputs: Arrays) -> Arrays:
        """Return `embedding`, float32 [N, D], for `text`, strings [N]; zeros where no token is known."""
        texts = [text[: self._longest] for text in inputs["text"].tolist()]
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        embedding = np.zeros((len(texts), self._vectors.shape[1]), dtype=np.float32)
        for row, encoding in zip(embedding, encodings, strict=True):
            row[:] = self._embed(np.array(encoding.ids, dtype=np.int64))
        return {"embedding": embedding}

    def _embed(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the mean of the vectors of the tokens, of length 1 if the model says so."""
        tokens = tokens[tokens != self._unknown]
        vectors = self._vectors[self._mapping[tokens]] * self._weights[tokens][:, None]
        mean: NDArray[np.float32] = vectors.sum(axis=0, dtype=np.float32)
        mean /= max(len(tokens), 1)
        if self._normalize:
            mean /= max(float(np.linalg.norm(mean)), 1e-32)
        return mean


def find_unknown(tokenizer: Tokenizer) -> int:
    """Return the number of the token that stands for whatever is not known, or -1 if there is none."""
    model = json.loads(tokenizer.to_str())["model"]
    number = model.get("unk_id") if "unk_id" in model else tokenizer.token_to_id(model.get("unk_token") or "")
    return -1 if number is None else number


def limit_length(tokenizer: Tokenizer, tokens: int | None) -> int | None:
    """Let no text have more tokens than this, and return how many of its characters are read.

    This is what model2vec does, or a long text would be cut elsewhere and get another vector.
    """
    tokenizer.no_padding()
    if tokens is None:
        tokenizer.no_truncation()
        return None
    tokenizer.enable_truncation(tokens)
    return tokens * int(np.median([len(token) for token in tokenizer.get_vocab()]))


def load(directory: Path, threads: int = 1) -> Model:
    """Read the three files of a directory.

    Each call computes in the thread that makes it, so `threads` changes nothing.

    Raises `ModelError` when one is missing or they are not a model.
    """
    arrays = read(directory / FILE_NAME, map_weights)
    tokenizer = read(directory / TOKENIZER, lambda file: Tokenizer.from_str(file.read_text("utf-8")))
    config = read(directory / CONFIG, lambda file: json.loads(file.read_bytes()))
    try:
        return Model(arrays, tokenizer, config)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ModelError(
            f"{directory} does not hold a model as model2vec saves it ({error}): save it again"
        ) from error


def read(file: Path, parse: Callable[[Path], Any]) -> Any:
    """Return what a file holds."""
    try:
        return parse(file)
    except FileNotFoundError:
        raise ModelError(f"{file} is missing: a model is a directory with {', '.join(FILES)}") from None
    except OSError:
        raise
    except Exception as error:  # those of tokenizers have no base class of their own
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{file} is no part of such a model ({reason}): save the model again") from error
