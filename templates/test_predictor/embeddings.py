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


def test_a_request_becomes_an_array_of_texts() -> None:
    texts = predictor.to_inputs(EXAMPLE)["text"]
    assert texts.shape == (3,)
    assert texts.tolist() == EXAMPLE.texts


def test_each_text_gets_its_vector() -> None:
    vectors = np.array([[0.6, 0.8], [1 / 3, 0]], dtype=np.float32)
    response = predictor.to_response({"embedding": vectors})
    assert (response.dimension, response.embeddings) == (2, [[0.6, 0.8], [0.33333, 0]])


@pytest.mark.parametrize("texts", [[], [""], ["a"] * 65, ["a" * 4097], [7], [None], "a dog", "\ud800", None])
def test_what_is_no_list_of_texts_is_refused(texts: Any) -> None:
    with pytest.raises(ValidationError):
        PredictRequest(texts=texts)


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()


def test_the_model_gives_a_vector_for_each_of_any_number_of_texts(settings: Settings) -> None:
    model = model_runtime.load(model_repository.find(settings).directory)
    for rows in (0, 1, 5):
        outputs = model.infer({"text": np.array(["a dog"] * rows, dtype=np.object_)})
        assert outputs.keys() == {"embedding"}
        assert outputs["embedding"].shape == (rows, 64)
        np.testing.assert_allclose(np.linalg.norm(outputs["embedding"], axis=1), 1, rtol=1e-5)


def test_the_model_says_what_it_takes_and_gives(settings: Settings) -> None:
    model = model_runtime.load(model_repository.find(settings).directory)
    assert model.inputs == [("text", "BYTES", [-1])]
    assert model.outputs == [("embedding", "FP32", [-1, 64])]


def test_a_dog_is_more_like_a_cat_or_a_puppy_than_a_car(client: TestClient) -> None:
    body = client.post("/predict", json={"texts": ["dog", "cat", "puppy", "car"]}).json()
    dog, cat, puppy, car = np.array(body["embeddings"])
    assert body["dimension"] == 64
    assert dog @ car < dog @ puppy < dog @ cat


def test_a_text_without_a_known_word_gets_zeros(client: TestClient) -> None:
    response = client.post("/predict", json={"texts": ["zzqx", "¡…!", "a dog"]})
    unknown, signs, known = response.json()["embeddings"]
    assert [any(unknown), any(signs), any(known)] == [False, False, True]
