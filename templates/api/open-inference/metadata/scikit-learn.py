"""The metadata of a model in the Open Inference Protocol: platform, inputs and outputs."""

import numpy as np

from service.model_runtime import Model
from service.tensors import Tensor, datatype_of

PLATFORM = "sklearn_skops"


def describe(model: Model) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs and the outputs of a model; what it answers to one blank row says the latter."""
    features = getattr(model.estimator, "n_features_in_", None)  # none if it takes texts
    outputs = model.infer({"X": np.zeros((1, features)) if features else np.array([""])})
    return [Tensor("X", "FP64", [-1, features]) if features else Tensor("X", "BYTES", [-1])], [
        Tensor(name, datatype_of(array.dtype), [-1, *array.shape[1:]]) for name, array in outputs.items()
    ]
