"""A model runtime of your own: load a file, then turn named arrays into named arrays.

Rewrite this file for your inference library: nothing else in the service knows how a model is run. The
service uses the constants in capitals, `load` and `Model.infer`. The example reads the weights of a small
network and computes it in NumPy. Never unpickle or import files from the volume: they could run code here.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.errors import ModelError
from service.weights import map_weights

Arrays = dict[str, NDArray[Any]]
FILE_NAME = "model.safetensors"
HAS_OWN_THREADS = False  # one call computes in one thread, so the service makes several at a time
IS_MAPPED = True  # the file need not fit into memory

NAMES = ("hidden_weights", "hidden_bias", "output_weights", "output_bias")
MAX_BRIGHTNESS = np.float32(16)


class Model:
    """A loaded model, shared between threads: `infer` changes nothing, not even its inputs."""

    def __init__(self, weights: Arrays) -> None:
        self.weights = weights
        self._layers = [weights[name] for name in NAMES]
        # Weights that do not fit together fail here, not at the first request.
        self.infer({"image": np.zeros((1, 8, 8), np.float32)})

    def infer(self, inputs: Arrays) -> Arrays:
        """Return `probabilities`, float32 [N, 10], for `image`, float32 [N, 8, 8], from 0 to 16."""
        hidden_weights, hidden_bias, output_weights, output_bias = self._layers
        image = inputs["image"]
        pixels = image.reshape(len(image), 64) / MAX_BRIGHTNESS
        hidden = np.maximum(pixels @ hidden_weights + hidden_bias, 0)
        return {"probabilities": softmax(hidden @ output_weights + output_bias)}


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Turn scores [N, C] into probabilities [N, C]."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # without the maximum, exp overflows
    probabilities: NDArray[Any] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def load(file: Path, threads: int = 1) -> Model:
    """Map the weights in a file; `threads` has no effect.

    Raises `ModelError` if they are not those of this network.
    """
    weights = map_weights(file)
    try:
        return Model(weights)
    except (KeyError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"{file} holds other weights than this network has ({reason}): replace it"
        ) from error
