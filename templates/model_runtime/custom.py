"""Your own runtime: load a directory, then turn named arrays into named arrays.

Whatever can do two things is a model runtime: `load` reads a directory, and `Model.infer` answers. They, the
`inputs` and `outputs` that describe its arrays, and the first four constants are what to replace; nothing
else in the service knows how a model is run. What stands here is an example that works: it reads the weights
of a small network and computes it in NumPy. Read no pickle, and import no module, from the volume: who can
write there could then run code here.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.errors import ModelError
from service.mapped_weights import map_weights
from service.tensors import Arrays, Tensor

FILE_NAME = "model.safetensors"
# How the Open Inference Protocol names it: project and format.
PLATFORM = "numpy_safetensors"
# Whether one call computes in several threads, or several calls do at once.
HAS_OWN_THREADS = False
# Whether the file is mapped: then it need not fit into memory, and processes share it.
IS_MAPPED = True
BRIGHTEST = 16
WEIGHTS = ("hidden_weights", "hidden_bias", "output_weights", "output_bias")


class Model:
    """A loaded model; several threads may ask it at once, so `infer` changes nothing, its inputs included."""

    def __init__(self, weights: Arrays) -> None:
        """Take the weights of one hidden layer, [64, H] and [H], and of the output, [H, C] and [C]."""
        self._hidden, self._hidden_bias, self._output, self._output_bias = (weights[name] for name in WEIGHTS)
        # Weights that do not fit each other or the image fail here, not with the first request.
        blank = self.infer({"image": np.zeros((1, 8, 8), dtype=np.float32)})["probabilities"]
        self.inputs = [Tensor("image", "FP32", [-1, 8, 8])]
        self.outputs = [Tensor("probabilities", "FP32", [-1, blank.shape[1]])]

    def infer(self, inputs: Arrays) -> Arrays:
        """Return `probabilities` [N, C] for `image` [N, 8, 8], each pixel 0 (paper) to 16 (ink)."""
        image = inputs["image"]
        pixels = image.reshape(len(image), -1) / np.float32(BRIGHTEST)
        hidden = np.maximum(pixels @ self._hidden + self._hidden_bias, 0)
        return {"probabilities": softmax(hidden @ self._output + self._output_bias)}


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn scores [N, C] into probabilities [N, C]; the largest is taken off first, or exp would overflow."""
    powers: NDArray[np.float32] = np.exp(scores - scores.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def load(directory: Path, threads: int = 1) -> Model:
    """Read the weights of a directory.

    Each call computes in the thread that makes it, so `threads` changes nothing.

    Raises `ModelError` with one sentence when they are not such a network.
    """
    file = directory / FILE_NAME
    try:
        return Model(map_weights(file))
    except (KeyError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(f"{file} does not hold this network's weights ({reason}): save it again") from error
