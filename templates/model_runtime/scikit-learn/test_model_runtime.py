"""scikit-learn models in skops files."""

import pickle
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import numpy as np
import pytest
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from service import model_runtime
from service.errors import ModelError
from service.model_runtime import FILE_NAME, load

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
TEXTS = np.array(["cold", "cold snow", "hot", "hot sand"])
LABELS = np.array(["low", "low", "high", "high"])
SPARSE = OneHotEncoder().fit_transform(np.zeros((300_000, 1)))


def save(directory: Path, thing: object) -> Path:
    skops.io.dump(thing, directory / FILE_NAME)
    return directory / FILE_NAME


@pytest.mark.parametrize(
    ("estimator", "x", "outputs"),
    [
        (LogisticRegression().fit(X, LABELS), X, {"labels", "probabilities"}),
        (make_pipeline(TfidfVectorizer(), RidgeClassifier()).fit(TEXTS, LABELS), TEXTS, {"labels"}),
        (LinearRegression().fit(X, X), X, {"predictions"}),
    ],
)
def test_a_model_answers_each_row(tmp_path: Path, estimator: Any, x: Any, outputs: set[str]) -> None:
    answers = load(save(tmp_path, estimator)).infer({"X": x})
    assert answers.keys() == outputs
    for array in answers.values():
        assert len(array) == len(x)


@pytest.mark.parametrize(
    ("thing", "reason"),
    [
        (MultiOutputClassifier(LogisticRegression()).fit(X, X % 2), "MultiOutputClassifier with several"),
        (StandardScaler().fit(X), "StandardScaler: only classifiers and regressors are supported"),
        ({"a": 1}, "dict: only classifiers"),
        (FunctionTransformer(save), r"needs \S+\.save: .* add it to TRUSTED_TYPES in src/"),
    ],
)
def test_unsupported_models_are_refused_in_one_sentence(tmp_path: Path, thing: object, reason: str) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        load(save(tmp_path, thing))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("array", [np.zeros(300_000), SPARSE])
def test_a_file_that_unpacks_to_more_than_allowed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, array: object
) -> None:
    monkeypatch.setattr(model_runtime, "MAX_UNPACKED_MB", 1)
    skops.io.dump(array, tmp_path / FILE_NAME, compression=ZIP_DEFLATED)
    assert (tmp_path / FILE_NAME).stat().st_size < 100_000
    with pytest.raises(ModelError, match=r"unpacks to \d MB: .* raise MAX_UNPACKED_MB"):
        load(tmp_path / FILE_NAME)


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(pickle.dumps(LinearRegression()))
    with pytest.raises(ModelError, match=r"save it with skops\.io\.dump"):
        load(tmp_path / FILE_NAME)
