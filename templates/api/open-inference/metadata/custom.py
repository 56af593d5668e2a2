"""What the Open Inference Protocol says of a model: its platform, its inputs and its outputs.

This belongs to `model_runtime.py`: when you replace the one, change the other.
"""

import numpy as np

from service.model_runtime import Model
from service.tensors import Tensor

PLATFORM = "numpy_safetensors"


def describe(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs and the outputs of a model."""
    blank = np.zeros((1, 8, 8), dtype=np.float32)
    probabilities = model.infer({"image": blank})["probabilities"]
    return [Tensor("image", "FP32", [-1, 8, 8])], [
        Tensor("probabilities", "FP32", [-1, probabilities.shape[1]])
    ]
