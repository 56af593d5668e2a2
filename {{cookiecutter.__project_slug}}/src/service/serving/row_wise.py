"""Whether a model answers each row by itself, so that the rows of several requests can go in one call."""

import logging

import numpy as np
from numpy.typing import NDArray

from service.model_runtime import Model
from service.tensors import Arrays, make_full

logger = logging.getLogger(__name__)


def answers_row_by_row(model: Model, example: Arrays) -> bool:
    """Whether the first dimension of every input and output is free, and counts rows that do not meet.

    It may count something else: the moments of one sound, say. So the example is asked alone, another row is
    asked alone, and both together must give the same; a model that refuses to is asked for one at a time.
    """
    fixed = [tensor.name for tensor in [*model.inputs, *model.outputs] if tensor.shape[:1] != [-1]]
    if fixed:
        logger.info("requests are not joined: the first dimension of %s is fixed", ", ".join(fixed))
        return False
    other = {name: make_full(array.dtype, [1, *array.shape[1:]], 1) for name, array in example.items()}
    try:
        together = model.infer(join(example, other))
        apart = join(model.infer(example), model.infer(other))
    except Exception as error:  # noqa: BLE001 - each model runtime has its own
        logger.info("requests are not joined: the model does not answer several rows (%s)", error)
        return False
    same = all(is_same(together[name], array) for name, array in apart.items())
    if not same:
        logger.info("requests are not joined: the model's answer to one row depends on the others")
    return same


def join(first: Arrays, second: Arrays) -> Arrays:
    """Put the rows of the second after those of the first."""
    return {name: np.concatenate([array, second[name]]) for name, array in first.items()}


def is_same(some: NDArray[np.generic], others: NDArray[np.generic]) -> bool:
    """Whether two arrays hold the same, but for what rounding makes of sums in another order."""
    if some.shape != others.shape:
        return False
    if some.dtype.kind == "f":
        return np.allclose(some, others, rtol=1e-2, atol=1e-4, equal_nan=True)
    return np.array_equal(some, others)
