"""The prediction: requests, responses, and the model in models/."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from service import model_runtime
from service.errors import ModelError
from service.model_repository import find
from service.model_runtime import Model
from service.predictor import EXAMPLE, Predictor, PredictRequest
from service.settings import Settings

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    return Predictor(tmp_path, Settings())


@pytest.fixture
def model() -> Model:
    """Return the model in models/; the tests that run it are skipped where there is none."""
    try:
        return model_runtime.load(find(Settings(model_repository=PROJECT / "models")).file)
    except (ModelError, OSError) as error:
        pytest.skip(f"models/ has no model to run: {error}")


def test_a_request_becomes_one_row_of_measurements(predictor: Predictor) -> None:
    assert predictor.to_inputs(EXAMPLE)["X"].tolist() == [[5.7, 2.8, 4.5, 1.3]]


def test_the_label_and_its_probability_are_the_answer(predictor: Predictor) -> None:
    outputs = {"labels": np.array(["setosa"]), "probabilities": np.array([[0.7, 0.2, 0.1]])}
    response = predictor.to_response(EXAMPLE, outputs)
    assert (response.species, response.confidence) == ("setosa", 0.7)


@pytest.mark.parametrize("length", [0, -1, 31, "5.7", float("nan"), float("inf"), [5.7], True, None])
def test_invalid_lengths_are_refused(length: Any) -> None:
    with pytest.raises(ValidationError):
        PredictRequest(**EXAMPLE.model_dump() | {"petal_length": length})


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()


def test_the_model_takes_the_example_for_a_versicolor(predictor: Predictor, model: Model) -> None:
    outputs = model.infer(predictor.to_inputs(EXAMPLE))
    assert predictor.to_response(EXAMPLE, outputs).species == "versicolor"


def test_the_model_answers_each_row_independently(predictor: Predictor, model: Model) -> None:
    row = predictor.to_inputs(EXAMPLE)["X"]
    alone = [model.infer({"X": x})["probabilities"] for x in (row, row / 2)]
    together = model.infer({"X": np.concatenate([row, row / 2])})["probabilities"]
    np.testing.assert_allclose(together, np.concatenate(alone))
