"""`POST /v1/embeddings`; the model knows the length of a text."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import FakeModel, make_served
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.model_runtime import Arrays
from service.settings import Settings


class LengthModel(FakeModel):
    dimension = 2


def embed(inputs: Arrays) -> Arrays:
    lengths = np.array([len(text) for text in inputs["text"]])
    return {"embedding": np.stack([lengths, lengths / 4], axis=1).astype(np.float32), "tokens": lengths}


@pytest.fixture
def model() -> FakeModel:
    return LengthModel(embed)


def post(client: TestClient, **body: Any) -> Any:
    response = client.post("/v1/embeddings", json={"model": "mine", "input": "dog"} | body)
    return response.json()


def test_each_text_gets_its_vector(client: TestClient) -> None:
    assert post(client, input=["dog", "kitten"], user="ignored") == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [3, 0.75]},
            {"object": "embedding", "index": 1, "embedding": [6, 1.5]},
        ],
        "model": "mine",
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    }


def test_a_vector_in_base64_is_float32(client: TestClient) -> None:
    (data,) = post(client, encoding_format="base64", dimensions=2)["data"]
    assert np.frombuffer(base64.b64decode(data["embedding"]), "<f4").tolist() == [3, 0.75]


def test_many_texts_are_embedded_in_several_calls(client: TestClient, model: FakeModel, app: FastAPI) -> None:
    app.state.settings = app.state.settings.model_copy(update={"max_batch_size": 2})
    assert len(post(client, input=["a"] * 5)["data"]) == 5
    assert [len(call["text"]) for call in model.calls] == [2, 2, 1]


@pytest.mark.parametrize("wrong", [{"input": [1, 2]}, {"input": [[1]]}, {"input": ""}, {"dimensions": 3}])
def test_unsupported_options_are_refused_in_openais_form(client: TestClient, wrong: dict[str, Any]) -> None:
    error = post(client, **wrong)["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", None, None)
    assert next(iter(wrong)) in error["message"]


def test_a_missing_api_key_is_an_error_in_openais_form(tmp_path: Path, model: FakeModel) -> None:
    file = tmp_path / "key"
    file.write_text("a-key-of-this-test")
    app = create_app(Settings(api_key_file=file))
    app.state.readiness.serve(make_served(model))
    client = TestClient(app)
    assert post(client)["error"]["code"] == "invalid_api_key"
    client.headers["authorization"] = "Bearer a-key-of-this-test"
    assert post(client)["model"] == "mine"
