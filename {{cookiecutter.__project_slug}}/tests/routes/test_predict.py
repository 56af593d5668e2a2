import json

import pytest
from conftest import PROJECT
from fastapi.testclient import TestClient

from service import app
from service.serving.readiness import Readiness
from service.settings import Settings

EXAMPLE = json.loads((PROJECT / "examples" / "predict.json").read_text(encoding="utf-8"))


def test_the_example_of_the_documentation_is_answered_as_documented(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    def example(name: str) -> dict[str, object]:
        fields = schemas[name]["properties"].items()
        return {key: field["examples"][0] for key, field in fields if "examples" in field}

    response = client.post("/predict", json=example("PredictRequest"))
    assert response.status_code == 200
    assert response.json().keys() == schemas["PredictResponse"]["properties"].keys()
    assert response.json().items() >= example("PredictResponse").items()


@pytest.mark.parametrize("body", [{}, dict.fromkeys(EXAMPLE), EXAMPLE | {"more": 8}, [], None])
def test_a_request_of_the_wrong_shape_is_refused_in_one_sentence(client: TestClient, body: object) -> None:
    response = client.post("/predict", json=body)
    assert response.status_code == 422
    assert response.json().keys() == {"detail"}
    assert "\n" not in response.json()["detail"]


@pytest.mark.parametrize(
    "body", ['{"KEY": NaN}', '{"KEY": 1e999}', '{"\\ud800": 1}', '{"KEY": "\\ud800"}', "{", "\xff"]
)
def test_what_json_cannot_hold_is_refused_all_the_same(client: TestClient, body: str) -> None:
    content = body.replace("KEY", next(iter(EXAMPLE)))
    response = client.post("/predict", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "the body is missing"),
        ('{"x": ', "the body is not JSON: Expecting value at character 6"),
        ("[]", "the body must be a JSON object"),
        ("null", "the body must be a JSON object"),
    ],
)
def test_a_body_that_is_no_request_is_refused_in_words(client: TestClient, body: str, sentence: str) -> None:
    response = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert response.json()["detail"].startswith(sentence)


def test_a_refusal_never_repeats_what_was_sent(client: TestClient) -> None:
    body = dict.fromkeys(EXAMPLE, [[99] * 8] * 1000) | {"secret": "x" * 10_000}
    response = client.post("/predict", json=body)
    assert response.status_code == 422
    assert len(response.content) < 500


def test_a_service_without_a_model_asks_callers_to_come_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "load_model", lambda *_: None)
    with TestClient(app.create_app(settings, Readiness())) as client:
        response = client.post("/predict", json=EXAMPLE)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json() == {"detail": "the model is being loaded and verified"}
