"""The metadata of a model in the Open Inference Protocol: platform, inputs and outputs."""

import numpy as np

from service.model_runtime import Model
from service.tensors import Tensor

PLATFORM = "model2vec_safetensors"


def describe(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs and the outputs of a model: texts in, a vector for each out."""
    vectors = model.infer({"text": np.array([""], dtype=np.object_)})["embedding"]
    return [Tensor("text", "BYTES", [-1])], [Tensor("embedding", "FP32", [-1, vectors.shape[1]])]
