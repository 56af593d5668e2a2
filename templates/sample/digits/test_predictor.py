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


def test_a_request_becomes_one_row_of_pixels(predictor: Predictor) -> None:
    image = predictor.to_inputs(EXAMPLE)["image"]
    assert image.dtype == np.float32
    assert image.tolist() == [EXAMPLE.image]


def test_the_most_probable_digit_is_the_answer(predictor: Predictor) -> None:
    probabilities = np.full((1, 10), 0.05, np.float32)
    probabilities[0, 3] = 0.55
    response = predictor.to_response(EXAMPLE, {"probabilities": probabilities})
    assert (response.digit, response.confidence) == (3, 0.55)


@pytest.mark.parametrize(
    "image",
    [[[0] * 8] * 7, [[0] * 9] * 8, [[17] * 8] * 8, [["1"] * 8] * 8, [[float("nan")] * 8] * 8, "seven"],
)
def test_a_request_without_such_an_image_is_refused(image: Any) -> None:
    with pytest.raises(ValidationError):
        PredictRequest(image=image)


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()


def test_the_model_reads_the_example_as_a_seven(predictor: Predictor, model: Model) -> None:
    assert predictor.to_response(EXAMPLE, model.infer(predictor.to_inputs(EXAMPLE))).digit == 7


def test_the_model_answers_each_row_independently(predictor: Predictor, model: Model) -> None:
    requests = [EXAMPLE, PredictRequest(image=[[16] * 8] * 8)]
    images = [predictor.to_inputs(request)["image"] for request in requests]
    alone = [model.infer({"image": image})["probabilities"] for image in images]
    together = model.infer({"image": np.concatenate(images)})["probabilities"]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-4, atol=1e-6)
