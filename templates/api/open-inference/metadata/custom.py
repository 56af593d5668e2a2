"""The metadata of a model in the Open Inference Protocol: platform, inputs and outputs.

This belongs to `model_runtime.py`: change both together.
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
