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


def test_a_request_becomes_one_row_of_pixels() -> None:
    image = predictor.to_inputs(EXAMPLE)["image"]
    assert image.shape == (1, 8, 8)
    assert image.dtype == np.float32
    assert image[0].tolist() == EXAMPLE.image


def test_the_most_probable_digit_is_the_answer() -> None:
    probabilities = np.full((1, 10), 0.05, dtype=np.float32)
    probabilities[0, 3] = 0.55
    response = predictor.to_response({"probabilities": probabilities})
    assert (response.digit, response.confidence) == (3, 0.55)


@pytest.mark.parametrize(
    "image",
    [
        [[0] * 8] * 7,
        [[0] * 9] * 8,
        [[17, 0, 0, 0, 0, 0, 0, 0]] * 8,
        [[-1, 0, 0, 0, 0, 0, 0, 0]] * 8,
        [["1", 0, 0, 0, 0, 0, 0, 0]] * 8,
        [[float("nan"), 0, 0, 0, 0, 0, 0, 0]] * 8,
        "a seven",
        None,
    ],
)
def test_what_is_no_picture_is_refused(image: Any) -> None:
    with pytest.raises(ValidationError):
        PredictRequest(image=image)


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()


def test_the_model_gives_a_probability_for_each_digit_for_any_number_of_images(settings: Settings) -> None:
    model = model_runtime.load(model_repository.find(settings).directory)
    for rows in (1, 5):
        outputs = model.infer({"image": np.zeros((rows, 8, 8), dtype=np.float32)})
        assert outputs.keys() == {"probabilities"}
        assert outputs["probabilities"].shape == (rows, 10)
        np.testing.assert_allclose(outputs["probabilities"].sum(axis=1), 1, rtol=1e-5)


def test_the_model_says_what_it_takes_and_gives(settings: Settings) -> None:
    model = model_runtime.load(model_repository.find(settings).directory)
    assert model.inputs == [("image", "FP32", [-1, 8, 8])]
    assert model.outputs == [("probabilities", "FP32", [-1, 10])]


def test_the_example_is_read_as_a_seven(client: TestClient) -> None:
    response = client.post("/predict", json=EXAMPLE.model_dump())
    assert response.status_code == 200
    assert response.json() == {"digit": 7, "confidence": pytest.approx(0.8605, abs=0.001)}
