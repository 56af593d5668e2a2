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


def test_a_request_becomes_an_array_of_texts(predictor: Predictor) -> None:
    assert predictor.to_inputs(EXAMPLE)["text"].tolist() == EXAMPLE.texts


def test_each_text_gets_its_vector(predictor: Predictor) -> None:
    vectors = np.array([[0.6, 0.8], [1 / 3, 0]], np.float32)
    response = predictor.to_response(EXAMPLE, {"embedding": vectors})
    assert (response.dimension, response.embeddings) == (2, [[0.6, 0.8], [0.33333, 0]])


@pytest.mark.parametrize("texts", [[], [""], ["a"] * 65, ["a" * 4097], [7], [None], "a dog", ["\ud800"]])
def test_invalid_texts_are_refused(texts: Any) -> None:
    with pytest.raises(ValidationError):
        PredictRequest(texts=texts)


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()


def test_the_model_finds_a_dog_more_like_a_cat_than_a_car(predictor: Predictor, model: Model) -> None:
    request = PredictRequest(texts=["dog", "cat", "car"])
    response = predictor.to_response(request, model.infer(predictor.to_inputs(request)))
    dog, cat, car = np.array(response.embeddings)
    assert dog @ car < dog @ cat


def test_the_model_answers_each_row_independently(predictor: Predictor, model: Model) -> None:
    texts = predictor.to_inputs(EXAMPLE)["text"]
    alone = [model.infer({"text": texts[[row]]})["embedding"] for row in range(len(texts))]
    np.testing.assert_allclose(model.infer({"text": texts})["embedding"], np.concatenate(alone), rtol=1e-5)
