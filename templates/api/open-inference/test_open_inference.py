import gc
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from conftest import FakeModel, make_served
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from service import loader, open_inference, open_inference_only
from service.app import create_app
from service.dependencies import get_inference
from service.model_files import ModelVersion
from service.settings import Settings
from service.tensors import Tensor

MODEL = "/v2/models/org/fake"
INPUT = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}
REQUEST = {"id": "mine", "inputs": [INPUT]}
SIGNATURE = [Tensor("x", "FP32", [-1, 2])], [Tensor("x", "FP32", [-1, 2])]


def make_app(model: FakeModel, settings: Settings) -> FastAPI:
    """Return an application that serves a fake model with a slash in its name."""
    app = create_app(settings)
    app.state.readiness.serve(replace(make_served(model), name="org/fake"))
    return app


@pytest.fixture(autouse=True)
def signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_inference, "describe", lambda _: SIGNATURE)
    monkeypatch.setattr(open_inference_only, "describe", lambda _: SIGNATURE)


@pytest.fixture
def app(model: FakeModel) -> Iterator[FastAPI]:
    app = make_app(model, Settings())
    yield app
    app.state.readiness.served.batcher.close()


def test_the_server_says_what_it_is(client: TestClient) -> None:
    metadata = client.get("/v2").json()
    assert metadata.keys() == {"name", "version", "extensions"}
    assert metadata["extensions"] == ["binary_tensor_data"]


def test_health_answers_get_and_head(client: TestClient, app: FastAPI) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.head("/v2/health/live").status_code == 200
    app.state.readiness.drain()
    assert client.head("/v2/health/ready").status_code == 503


@pytest.mark.parametrize("path", [MODEL, f"{MODEL}/versions/1"])
def test_the_model_is_described_and_ready(client: TestClient, path: str) -> None:
    tensor = {"name": "x", "datatype": "FP32", "shape": [-1, 2]}
    metadata = client.get(path).json()
    assert (metadata["name"], metadata["versions"]) == ("org/fake", ["1"])
    assert (metadata["inputs"], metadata["outputs"]) == ([tensor], [tensor])
    assert client.get(f"{path}/ready").json() == {"name": "org/fake", "ready": True}


@pytest.mark.parametrize("path", [MODEL, f"{MODEL}/versions/1"])
def test_tensors_are_answered_in_json(client: TestClient, path: str) -> None:
    response = client.post(f"{path}/infer", json=REQUEST)
    assert response.json() == {
        "model_name": "org/fake",
        "model_version": "1",
        "id": "mine",
        "outputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}],
    }


def test_tensors_are_answered_in_binary(client: TestClient) -> None:
    tensor = np.array([[1, 2]], dtype="<f4").tobytes()
    given = {"name": "x", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}
    text = orjson.dumps({"inputs": [given], "parameters": {"binary_data_output": True}})
    headers = {"Inference-Header-Content-Length": str(len(text))}
    response = client.post(f"{MODEL}/infer", content=text + tensor, headers=headers)
    assert response.headers["content-type"] == "application/octet-stream"
    length = int(response.headers["inference-header-content-length"])
    assert orjson.loads(response.content[:length])["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert response.content[length:] == tensor


def test_a_large_request_is_answered_like_a_small_one(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TestClient(app)
    small = client.post(f"{MODEL}/infer", json=REQUEST).json()
    monkeypatch.setattr(open_inference, "LARGE_BYTES", 0)
    assert client.post(f"{MODEL}/infer", json=REQUEST).json() == small
    assert "valid JSON" in get_error(client, b"{")


def get_error(
    client: TestClient, content: bytes, status: int = 400, headers: dict[str, str] | None = None
) -> str:
    """Send a request that is refused in the protocol's form, and return why."""
    response = client.post(f"{MODEL}/infer", content=content, headers=headers)
    assert response.status_code == status
    assert response.json().keys() == {"error"}
    error: str = response.json()["error"]
    assert "\n" not in error
    return error


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b"[" * 9999, b"{}", b'{"inputs": [{}]}', b'{"inputs": [], "inputs": 1}'],
)
def test_a_malformed_body_gets_400(client: TestClient, model: FakeModel, content: bytes) -> None:
    assert get_error(client, content)
    assert model.calls == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "y"},
        {"datatype": "FP8"},
        {"datatype": "FP64"},
        {"shape": [4]},
        {"shape": [2, 3]},
        {"shape": [-1, 2]},
        {"shape": [10**12, 2]},
        {"shape": [0, 2], "data": []},
        {"data": []},
        {"data": [[1, 2], [3]]},
        {"data": [1, 2, 3, {}]},
        {"data": [1, 2, 3, 1e39]},
    ],
)
def test_inputs_that_the_model_does_not_take_get_400(
    client: TestClient, model: FakeModel, change: dict[str, object]
) -> None:
    assert get_error(client, orjson.dumps({"inputs": [INPUT | change]}))
    assert model.calls == []


@pytest.mark.parametrize("length", ["", "x", "-1", "1.5", "0", "9" * 19, "9" * 5000, "1 1"])
def test_a_wrong_length_of_the_json_gets_400(client: TestClient, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length}
    error = get_error(client, orjson.dumps(REQUEST), headers=headers)
    assert error.startswith("Inference-Header-Content-Length ")


def test_an_unknown_model_or_version_gets_404(client: TestClient) -> None:
    for path in ("/v2/models/another", f"{MODEL}/versions/2", f"{MODEL}/versions/2/ready"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.json()["error"].endswith(": org/fake/versions/1 is served")
    assert client.post("/v2/models/another/infer", json=REQUEST).status_code == 404


def test_inference_needs_post(client: TestClient) -> None:
    response = client.get(f"{MODEL}/infer")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json() == {"error": "Method Not Allowed"}


def test_other_paths_keep_their_form_of_errors(client: TestClient) -> None:
    assert client.get("/v2/nowhere").json() == {"error": "Not Found"}
    for path in ("/nowhere", "/v22", "/predict/v2/x"):
        assert client.get(path).json() == {"detail": "Not Found"}


def test_a_model_that_is_loading_gets_503() -> None:
    client = TestClient(create_app(Settings()))
    assert get_error(client, orjson.dumps(REQUEST), 503)
    assert client.get(f"{MODEL}/ready").status_code == 503


def test_a_deadline_that_has_passed_gets_504(client: TestClient) -> None:
    assert get_error(client, orjson.dumps(REQUEST), 504, {"x-request-timeout-ms": "0"})


def test_a_large_body_that_waits_past_its_deadline_gets_504(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_inference, "LARGE_BYTES", 1)
    free = threading.Event()
    open_inference.LARGE_BODIES.submit(free.wait, 10)
    try:
        assert get_error(client, orjson.dumps(REQUEST), 504, {"x-request-timeout-ms": "100"})
    finally:
        free.set()


def test_values_that_the_model_refuses_get_400(client: TestClient, model: FakeModel) -> None:
    def fail(_: Any) -> Any:
        raise IndexError("index 9 is out of range\nand more")

    model.function = fail
    assert get_error(client, orjson.dumps(REQUEST)) == "the model failed: index 9 is out of range"


def test_a_compressed_body_gets_415(client: TestClient) -> None:
    assert get_error(client, b"x", 415, {"content-encoding": "gzip"})


def test_a_large_body_gets_413_with_or_without_its_length(model: FakeModel) -> None:
    client = TestClient(make_app(model, Settings(max_body_bytes=10)))
    assert "MAX_BODY_BYTES" in get_error(client, b"x" * 11, 413)
    chunked = client.post(f"{MODEL}/infer", content=iter([b"x" * 6, b"x" * 6]))
    assert chunked.status_code == 413
    assert "MAX_BODY_BYTES" in chunked.json()["error"]


def test_an_unexpected_error_has_the_form_of_the_protocol(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_inference, "parse_request", None)
    assert "request id" in get_error(client, orjson.dumps(REQUEST), 500)


def test_the_api_key_guards_the_models(app: FastAPI, model: FakeModel, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 16)
    client = TestClient(make_app(model, Settings(api_key_file=file)))
    assert get_error(client, orjson.dumps(REQUEST), 401)
    assert client.get(MODEL).status_code == 401
    assert client.get("/v2/health/ready").status_code == 200
    headers = {"authorization": "Bearer " + "k" * 16}
    assert client.post(f"{MODEL}/infer", json=REQUEST, headers=headers).status_code == 200


def test_dependency_overrides_hold_for_these_routes(app: FastAPI) -> None:
    def deny() -> None:
        raise HTTPException(418, "denied")

    app.dependency_overrides[get_inference] = deny
    assert get_error(TestClient(app), orjson.dumps(REQUEST), 418) == "denied"


@pytest.mark.parametrize("large_bytes", [0, 1000])
def test_a_refused_request_does_not_wait_for_the_garbage_collector(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, large_bytes: int
) -> None:
    monkeypatch.setattr(open_inference, "LARGE_BYTES", large_bytes)
    contents = [
        orjson.dumps({"inputs": [INPUT | {"mark": "kept"}, {"name": "y"}]}),
        orjson.dumps({"inputs": [INPUT | {"mark": "kept", "data": [1]}]}),
        orjson.dumps({"inputs": [INPUT | {"mark": "kept"}], "outputs": [{"name": "y"}]}),
    ]
    gc.disable()
    try:
        for content in contents:
            get_error(client, content)
        assert [each for each in gc.get_objects() if type(each) is dict and each.get("mark") == "kept"] == []
    finally:
        gc.enable()


def test_without_predict_any_model_is_prepared_for_v2_alone(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(serve_predict=False)
    assert TestClient(create_app(settings)).post("/predict", json={}).status_code == 404
    functions: list[Any] = [dict, abs]  # the latter raises a TypeError
    for function in functions:
        model: Any = FakeModel(function)
        predictor = loader.prepare(model, ModelVersion("any", "1", Path()), settings)
        assert [array.tolist() for array in model.calls[0].values()] == [[[0, 0]]]
        assert not getattr(predictor, "rows_are_independent", False)
    assert "model any/1 does not answer zeros" in caplog.text
