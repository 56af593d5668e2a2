import json
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT
from pydantic import ValidationError

from service import predictor
from service.predictor import EXAMPLE, PredictRequest


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
