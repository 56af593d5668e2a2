import json
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT
from fastapi.testclient import TestClient
from pydantic import ValidationError

from service import model_runtime, predictor
from service.predictor import EXAMPLE, PredictRequest
from service.settings import Settings
from service.volume import model_repository


def test_a_request_becomes_one_row_of_measurements() -> None:
    measurements = predictor.to_inputs(EXAMPLE)["X"]
    assert measurements.dtype == np.float64
    assert measurements.tolist() == [[5.7, 2.8, 4.5, 1.3]]


def test_the_label_and_its_probability_are_the_answer() -> None:
    response = predictor.to_response(
        {"labels": np.array(["setosa"]), "probabilities": np.array([[0.7, 0.2, 0.1]])}
    )
    assert (response.species, response.confidence) == ("setosa", 0.7)


@pytest.mark.parametrize("length", [0, -1, 31, "5.7", float("nan"), float("inf"), [5.7], True, None])
def test_what_is_no_length_is_refused(length: Any) -> None:
    with pytest.raises(ValidationError):
        PredictRequest(**EXAMPLE.model_dump() | {"petal_length": length})


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()


def test_the_model_gives_a_label_and_probabilities_for_any_number_of_flowers(settings: Settings) -> None:
    model = model_runtime.load(model_repository.find(settings).directory)
    for rows in (1, 5):
        outputs = model.infer({"X": np.full((rows, 4), 1.5)})
        assert outputs.keys() == {"labels", "probabilities"}
        assert outputs["labels"].tolist() == ["setosa"] * rows
        assert outputs["probabilities"].shape == (rows, 3)
        np.testing.assert_allclose(outputs["probabilities"].sum(axis=1), 1)


def test_the_model_says_what_it_takes_and_gives(settings: Settings) -> None:
    model = model_runtime.load(model_repository.find(settings).directory)
    assert model.inputs == [("X", "FP64", [-1, 4])]
    assert model.outputs == [("labels", "BYTES", [-1]), ("probabilities", "FP64", [-1, 3])]


def test_the_example_is_taken_for_a_versicolor(client: TestClient) -> None:
    response = client.post("/predict", json=EXAMPLE.model_dump())
    assert response.status_code == 200
    assert response.json() == {"species": "versicolor", "confidence": pytest.approx(0.8644, abs=0.001)}
