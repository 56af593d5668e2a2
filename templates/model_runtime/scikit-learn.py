"""scikit-learn models in skops' format: load a directory, then turn named arrays into named arrays.

A skops file is data: loading it runs no code of its own, as a pickle would. It names the types that it is
made of, and only those that skops knows to be harmless, or that are listed here, are ever built.
"""

from pathlib import Path
from typing import Any

import numpy as np
import sklearn.base
import skops.io

from service.errors import ModelError
from service.tensors import Arrays, Tensor, datatype_of

FILE_NAME = "model.skops"
# How the Open Inference Protocol names it: project and format.
PLATFORM = "sklearn_skops"
# Whether one call computes in several threads, or several calls do at once.
HAS_OWN_THREADS = False
# Whether the file is mapped: then it need not fit into memory, and processes share it.
IS_MAPPED = False
# Types trusted beyond those that skops trusts itself, such as "sklearn.tree._tree.Tree" for trees and
# forests; list what you have looked at, because a file can do whatever its types can. MODELS.md says more.
TRUSTED_TYPES: list[str] = []


class KindError(TypeError):
    """An estimator is of a kind whose outputs are not known here."""


class Model:
    """A loaded classifier or regressor, alone or in a pipeline; several threads may ask it at once."""

    def __init__(self, estimator: Any) -> None:
        """Wrap a fitted estimator."""
        self._estimator = estimator
        self._gives_probabilities = hasattr(estimator, "predict_proba")
        self.inputs = [Tensor("X", "FP64", [-1, estimator.n_features_in_])]
        self.outputs = describe_outputs(estimator)

    def infer(self, inputs: Arrays) -> Arrays:
        """Answer for `X`, a number for each feature [N, F].

        A classifier gives `labels` [N] and, where it can, `probabilities` [N, C] in the order of its
        classes; a regressor gives `predictions`, [N] or [N, T].
        """
        answer = np.asarray(self._estimator.predict(inputs["X"]))
        if not self._gives_probabilities:
            return {self.outputs[0].name: answer}
        return {"labels": answer, "probabilities": self._estimator.predict_proba(inputs["X"])}


def describe_outputs(estimator: Any) -> list[Tensor]:
    """Return the outputs that a fitted estimator has.

    Raises `KindError` if it is neither a classifier nor a regressor.
    """
    if sklearn.base.is_classifier(estimator):
        labels = Tensor("labels", datatype_of(estimator.classes_.dtype), [-1])
        if not hasattr(estimator, "predict_proba"):
            return [labels]
        return [labels, Tensor("probabilities", "FP64", [-1, len(estimator.classes_)])]
    if sklearn.base.is_regressor(estimator):
        one = estimator.predict(np.zeros((1, estimator.n_features_in_)))
        return [Tensor("predictions", datatype_of(one.dtype), [-1, *one.shape[1:]])]
    raise KindError(f"a {type(estimator).__name__}, which is neither a classifier nor a regressor")


def load(directory: Path, threads: int = 1) -> Model:
    """Read the skops file of a directory.

    Each call computes in the thread that makes it, so `threads` changes nothing.

    Raises `ModelError` when it holds types that are not trusted, or is not a model that scikit-learn can run.
    """
    file = directory / FILE_NAME
    try:
        untrusted = set(skops.io.get_untrusted_types(file=file)).difference(TRUSTED_TYPES)
        if not untrusted:
            return Model(skops.io.load(file, trusted=TRUSTED_TYPES))
    except OSError:
        raise
    except KindError as error:
        raise ModelError(
            f"{file} holds {error}: serve one of these, "
            "or describe its outputs in src/service/model_runtime.py"
        ) from error
    except Exception as error:  # a damaged file can fail anywhere on the way
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"scikit-learn cannot run {file} ({reason}): save the model again with skops.io.dump"
        ) from error
    raise ModelError(
        f"{file} holds types that are not trusted ({', '.join(sorted(untrusted))}): "
        "if you trust them, list them in TRUSTED_TYPES in src/service/model_runtime.py as MODELS.md says, or "
        "replace the model"
    )
