"""scikit-learn models in skops files: load one, then turn named arrays into named arrays.

A pickle runs code when it is loaded; a skops file is data. It names the types that it is made of, and only
types that skops or TRUSTED_TYPES lists are built.
"""

import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import skops.io
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, is_classifier, is_regressor

from service.errors import ModelError

Arrays = dict[str, NDArray[Any]]
FILE_NAME = "model.skops"
HAS_OWN_THREADS = False  # one call computes in one thread, so the service makes several at a time
IS_MAPPED = False  # the file is read into memory
TRUSTED_TYPES: list[str] = []  # list only types that you have reviewed: a file can do what they can do
MAX_UNPACKED_MB = 250  # loading takes twice as much memory
PLACE = "in src/service/model_runtime.py"


class Model:
    """A loaded classifier or regressor, alone or in a pipeline; safe to share between threads."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def infer(self, inputs: Arrays) -> Arrays:
        """Answer for `X`, the features [N, F] or the texts [N].

        A regressor gives `predictions`, [N] or [N, T]; a classifier gives `labels` [N] and, if it can,
        `probabilities` [N, C] in the order of its `classes_`.
        """
        answer = np.asarray(self.estimator.predict(inputs["X"]))
        outputs = {"predictions" if is_regressor(self.estimator) else "labels": answer}
        if hasattr(self.estimator, "predict_proba"):
            outputs["probabilities"] = self.estimator.predict_proba(inputs["X"])
        return outputs


def load(file: Path, threads: int = 1) -> Model:
    """Read a skops file; raise `ModelError` for what is not trusted or not supported."""
    try:
        check_file(file)
        model = skops.io.load(file, trusted=TRUSTED_TYPES)
        held = f"{file} holds a {type(model).__name__}"
        if not (isinstance(model, BaseEstimator) and (is_classifier(model) or is_regressor(model))):
            raise ModelError(f"{held}: only classifiers and regressors are supported")
        if isinstance(getattr(model, "classes_", None), list):
            raise ModelError(f"{held} with several outputs: save one model for each of them")
    except (OSError, ModelError):
        raise
    except Exception as error:  # a damaged file can fail anywhere
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ModelError(f"{file} cannot be loaded ({reason}): save it with skops.io.dump") from error
    return Model(model)


def check_file(file: Path) -> None:
    """Raise `ModelError` if a file unpacks to too much, or needs types that are not trusted."""
    size = unpacked_size(file) // 1_000_000
    if size > MAX_UNPACKED_MB:
        raise ModelError(f"{file} unpacks to {size} MB: if you trust it, raise MAX_UNPACKED_MB {PLACE}")
    untrusted = ", ".join(sorted({*skops.io.get_untrusted_types(file=file)}.difference(TRUSTED_TYPES)))
    if untrusted:
        raise ModelError(f"{file} needs {untrusted}: if you trust that, add it to TRUSTED_TYPES {PLACE}")


def unpacked_size(file: Path | io.BytesIO) -> int:
    """Return how many bytes an archive unpacks to, with the archives in it that hold sparse matrices."""
    with ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        if size <= MAX_UNPACKED_MB * 1_000_000:
            matrices = [name for name in archive.namelist() if name.endswith(".npz")]
            size += sum(unpacked_size(io.BytesIO(archive.read(name))) for name in matrices)
    return size
