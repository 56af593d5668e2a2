import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import skops.io
from conftest import PROJECT
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from service import model_runtime
from service.errors import ModelError
from service.model_runtime import FILE_NAME

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])


def run_from_a_model(array: object) -> object:
    raise AssertionError("the model's own code was run")


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise AssertionError('the pickle was loaded')",)


def test_types_that_are_not_trusted_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = RandomForestClassifier(n_estimators=2).fit(X, [0, 0, 1, 1])
    skops.io.dump(forest, tmp_path / FILE_NAME)
    monkeypatch.setattr(model_runtime, "TRUSTED_TYPES", [])
    with pytest.raises(ModelError, match=r"not trusted \(sklearn\.tree\._tree\.Tree\)") as caught:
        model_runtime.load(tmp_path)
    assert "TRUSTED_TYPES in src/service/model_runtime.py" in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(model_runtime, "TRUSTED_TYPES", ["sklearn.tree._tree.Tree"])
    assert model_runtime.load(tmp_path).outputs[0] == ("labels", "INT64", [-1])


def test_the_types_that_are_trusted_are_listed_for_readers() -> None:
    page = (PROJECT / "MODELS.md").read_text(encoding="utf-8")
    section = page.partition("\n## The types that are trusted\n")[2].partition("\n## ")[0]
    assert "TRUSTED_TYPES" in section
    assert re.findall(r"^- `([\w.]+)`", section, re.MULTILINE) == model_runtime.TRUSTED_TYPES


def test_a_function_of_ones_own_is_not_trusted(tmp_path: Path) -> None:
    skops.io.dump(FunctionTransformer(run_from_a_model), tmp_path / FILE_NAME)
    with pytest.raises(ModelError, match="run_from_a_model"):
        model_runtime.load(tmp_path)


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(ModelError, match=r"save the model again with skops\.io\.dump"):
        model_runtime.load(tmp_path)


def test_a_regressor_gives_predictions(tmp_path: Path) -> None:
    skops.io.dump(LinearRegression().fit(X, X.sum(axis=1)), tmp_path / FILE_NAME)
    model = model_runtime.load(tmp_path)
    assert model.outputs == [("predictions", "FP64", [-1])]
    np.testing.assert_allclose(model.infer({"X": X})["predictions"], X.sum(axis=1))


def test_a_classifier_without_probabilities_gives_labels(tmp_path: Path) -> None:
    skops.io.dump(RidgeClassifier().fit(X, ["a", "a", "b", "b"]), tmp_path / FILE_NAME)
    model = model_runtime.load(tmp_path)
    assert model.outputs == [("labels", "BYTES", [-1])]
    assert model.infer({"X": X})["labels"].tolist() == ["a", "a", "b", "b"]


@pytest.mark.parametrize("estimator", [StandardScaler().fit(X), KMeans(2).fit(X)])
def test_an_estimator_whose_outputs_are_not_known_is_refused_with_the_place_to_describe_them(
    tmp_path: Path, estimator: object
) -> None:
    skops.io.dump(estimator, tmp_path / FILE_NAME)
    words = f"holds a {type(estimator).__name__}, which is neither .* src/service/model_runtime.py$"
    with pytest.raises(ModelError, match=words):
        model_runtime.load(tmp_path)


@pytest.mark.parametrize("thing", [LinearRegression(), {"a": 1}])
def test_what_cannot_predict_is_refused_in_one_sentence(tmp_path: Path, thing: object) -> None:
    skops.io.dump(thing, tmp_path / FILE_NAME)
    with pytest.raises(ModelError, match="scikit-learn cannot run") as caught:
        model_runtime.load(tmp_path)
    assert "\n" not in str(caught.value)
