"""Static embeddings as model2vec saves them: load a directory, then turn texts into vectors.

The vector of a text is the mean of the vectors of its tokens. The answers are those of the package
`model2vec`, which is not used because it needs a client of the Hugging Face hub to read a directory.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import ModelError
from service.weights import map_weights

# Requests already run in several threads; the tokenizer reads this when it is imported.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from tokenizers import Tokenizer

Arrays = dict[str, NDArray[Any]]
FILE_NAME = "model.safetensors"
TOKENIZER, CONFIG = "tokenizer.json", "config.json"
HAS_OWN_THREADS = False  # one call computes in one thread, so the service makes several at a time
IS_MAPPED = True  # the file need not fit into memory
DEFAULT_MAX_LENGTH = 512


class Model:
    """A loaded model, safe to share between threads."""

    def __init__(self, arrays: Arrays, tokenizer: Tokenizer, config: dict[str, Any]) -> None:
        size = tokenizer.get_vocab_size()
        self._vectors = arrays["embeddings"]
        self._rows = arrays.get("mapping", np.arange(size))  # of each token, its row in the vectors
        self._weights = arrays.get("weights", np.ones(size)).astype(np.float32)
        if {len(self._rows), len(self._weights)} != {size} or self._rows.max() >= len(self._vectors):
            raise ValueError(f"the tokenizer has {size} tokens, the table {len(self._vectors)} vectors")
        self._normalize = config.get("normalize", False)
        self._tokenizer = tokenizer
        self._unknown = find_unknown_token(tokenizer)
        self._max_characters = limit_length(tokenizer, config.get("max_length", DEFAULT_MAX_LENGTH))
        self.dimension: int = self._vectors.shape[1]

    def infer(self, inputs: Arrays) -> Arrays:
        """Answer for `text`, strings [N].

        Returns `embedding`, float32 [N, dimension], zeros where no token is known, and `tokens`, int64 [N],
        the number of tokens that were read.
        """
        texts = [text[: self._max_characters] for text in inputs["text"].tolist()]
        encodings = self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        embedding = np.zeros((len(texts), self.dimension), np.float32)
        for row, encoding in zip(embedding, encodings, strict=True):
            row[:] = self._embed(np.array(encoding.ids, np.int64))
        return {
            "embedding": embedding,
            "tokens": np.array([len(encoding) for encoding in encodings], np.int64),
        }

    def _embed(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        tokens = tokens[tokens != self._unknown]
        vectors = self._vectors[self._rows[tokens]] * self._weights[tokens][:, None]
        mean: NDArray[np.float32] = vectors.sum(axis=0, dtype=np.float32)
        mean /= max(len(tokens), 1)
        if self._normalize:
            mean /= max(float(np.linalg.norm(mean)), 1e-32)
        return mean


def find_unknown_token(tokenizer: Tokenizer) -> int:
    """Return the number of the token that stands for unknown words, or -1 if there is none."""
    model = json.loads(tokenizer.to_str())["model"]
    number = model.get("unk_id") if "unk_id" in model else tokenizer.token_to_id(model.get("unk_token") or "")
    return -1 if number is None else number


def limit_length(tokenizer: Tokenizer, max_tokens: int | None) -> int | None:
    """Truncate texts to so many tokens; return how many characters to read, which is model2vec's estimate."""
    tokenizer.no_padding()
    if max_tokens is None:
        tokenizer.no_truncation()
        return None
    tokenizer.enable_truncation(max_tokens)
    return max_tokens * int(np.median([len(token) for token in tokenizer.get_vocab()]))


def load(file: Path, threads: int = 1) -> Model:
    """Read the weights and the files next to them; `threads` has no effect.

    Raises `ModelError` if one is missing or they are not a model.
    """
    arrays = map_weights(file)
    tokenizer = read(file.with_name(TOKENIZER), Tokenizer.from_str)
    config = read(file.with_name(CONFIG), json.loads)
    try:
        return Model(arrays, tokenizer, config)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ModelError(
            f"{file.parent} does not hold a model of model2vec ({error}): save it again"
        ) from error


def read(file: Path, parse: Callable[[str], Any]) -> Any:
    """Return what a file holds."""
    try:
        return parse(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file} is missing: copy all that `save_pretrained` of model2vec wrote") from None
    except OSError:
        raise
    except Exception as error:  # those of tokenizers have no base class of their own
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{file} is damaged ({reason}): save or copy the model again") from error
