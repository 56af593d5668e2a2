import json
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT, wait_until
from fastapi.testclient import TestClient

from service import predictor
from service.app import create_app
from service.open_inference import binary_tensors
from service.routes import infer
from service.serving.readiness import Readiness
from service.settings import Settings
from service.tensors import DTYPES, Arrays, Tensor, datatype_of
from service.volume import model_repository

INPUTS = predictor.to_inputs(predictor.EXAMPLE)


@pytest.fixture
def path(settings: Settings) -> str:
    """The path of the model that is served."""
    return f"/v2/models/{model_repository.find(settings).name}"


def describe(flat: bool = True) -> list[dict[str, Any]]:
    """Return the inputs of the predictor's example as the protocol has them."""
    return [
        {
            "name": name,
            "shape": list(array.shape),
            "datatype": datatype_of(array.dtype),
            "data": array.ravel().tolist() if flat else array.tolist(),
        }
        for name, array in INPUTS.items()
    ]


@pytest.mark.parametrize("flat", [True, False])
def test_tensors_are_answered_as_the_predictor_sees_them(client: TestClient, path: str, flat: bool) -> None:
    answer = client.post(f"{path}/infer", json={"id": "mine", "inputs": describe(flat)}).json()
    assert answer["id"] == "mine"
    assert f"/v2/models/{answer['model_name']}" == path
    metadata = client.get(path).json()
    for tensor, output in zip(metadata["outputs"], answer["outputs"], strict=True):
        assert (output["name"], output["datatype"]) == (tensor["name"], tensor["datatype"])
        assert len(output["shape"]) == len(tensor["shape"])
        assert len(output["data"]) > 0


def test_only_the_wanted_outputs_come_back(client: TestClient, path: str, settings: Settings) -> None:
    last = client.get(path).json()["outputs"][-1]["name"]
    version = model_repository.find(settings).version
    body = {"inputs": describe(), "outputs": [{"name": last}]}
    answer = client.post(f"{path}/versions/{version}/infer", json=body).json()
    assert [output["name"] for output in answer["outputs"]] == [last]
    assert "id" not in answer


def read_outputs(content: bytes, header_length: int | None = None) -> Arrays:
    """Return the outputs of an answer as arrays."""
    outputs: Arrays = {}
    rest = memoryview(content)[header_length or len(content) :]
    for output in json.loads(content[:header_length])["outputs"]:
        shape, datatype = output["shape"], output["datatype"]
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            array = np.array(output["data"], DTYPES[datatype]).reshape(shape)
        else:
            array, rest = binary_tensors.to_array(rest[:size], datatype, shape), rest[size:]
        outputs[output["name"]] = array
    assert not rest
    return outputs


def test_the_example_is_answered_as_predict_answers_its_own(client: TestClient, path: str) -> None:
    examples = PROJECT / "examples"
    tensors = client.post(f"{path}/infer", content=(examples / "infer.json").read_bytes())
    predicted = client.post("/predict", json=json.loads((examples / "predict.json").read_text("utf-8")))
    assert predicted.status_code == tensors.status_code == 200
    assert predictor.to_response(read_outputs(tensors.content)).model_dump() == predicted.json()


@pytest.mark.parametrize("binary_output", [True, False])
def test_binary_and_json_tensors_are_answered_alike(
    client: TestClient, path: str, binary_output: bool
) -> None:
    tensors = {name: binary_tensors.to_bytes(array) for name, array in INPUTS.items()}
    inputs = [
        {key: value for key, value in each.items() if key != "data"}
        | {"parameters": {"binary_data_size": len(tensors[each["name"]])}}
        for each in describe()
    ]
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": binary_output}}).encode()
    response = client.post(
        f"{path}/infer",
        content=b"".join([header, *tensors.values()]),
        headers={"inference-header-content-length": str(len(header))},
    )
    length = response.headers.get("inference-header-content-length")
    assert (length is not None) == binary_output
    media_type = "application/octet-stream" if binary_output else "application/json"
    assert response.headers["content-type"] == media_type
    found = read_outputs(response.content, int(length) if length else None)
    expected = read_outputs(client.post(f"{path}/infer", json={"inputs": describe()}).content)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_large_requests_and_answers_are_worked_through_in_a_thread(
    client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = client.post(f"{path}/infer", json={"inputs": describe()})
    threads: list[str] = []

    async def run_in_thread(function: Any, *arguments: Any) -> Any:
        threads.append(function.__name__)
        return function(*arguments)

    monkeypatch.setattr(infer, "LARGE", 1)
    monkeypatch.setattr(infer, "run_in_threadpool", run_in_thread)
    assert client.post(f"{path}/infer", json={"inputs": describe()}).content == small.content
    assert [name for name in threads if name != "infer"] == ["read", "write"]


@pytest.mark.parametrize("encoding", ["gzip", "br", "x"])
def test_a_compressed_body_is_refused_for_what_it_is(client: TestClient, path: str, encoding: str) -> None:
    response = client.post(f"{path}/infer", json={}, headers={"content-encoding": encoding})
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "content-encoding" in response.json()["error"]


@pytest.mark.parametrize(
    "length", ["", "x", "-1", "1.5", "1e3", "0", "9" * 19, "9" * 5000, "\u0661", "+1", "1 1"]
)
def test_a_length_of_the_json_that_cannot_be_is_refused(client: TestClient, path: str, length: str) -> None:
    headers = {b"inference-header-content-length": length.encode()}
    response = client.post(f"{path}/infer", json={"inputs": describe()}, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Inference-Header-Content-Length ")


def complaint(client: TestClient, path: str, body: object, status: int = 400) -> str:
    """Send a request that is refused, in the protocol's form, and return why."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post(path, content=content)
    assert response.status_code == status
    assert response.json().keys() == {"error"}
    sentence = str(response.json()["error"])
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 9999, {}, {"inputs": 1}, {"inputs": [{}]}]
)
def test_what_is_no_request_is_refused(client: TestClient, path: str, body: object) -> None:
    complaint(client, f"{path}/infer", body)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "nothing"},
        {"datatype": "FP8"},
        {"datatype": "BOOL"},
        {"shape": [1]},
        {"shape": [-1, -64]},
        {"shape": [10**12]},
        {"shape": []},
        {"data": []},
        {"data": [None]},
        {"data": [[1], [1, 2]]},
        {"data": [{}]},
        {"data": [1e999]},
        {"data": ["\ud800"]},
    ],
)
def test_inputs_that_the_model_does_not_take_are_refused(
    client: TestClient, path: str, change: dict[str, object]
) -> None:
    first, *others = describe()
    assert complaint(client, f"{path}/infer", {"inputs": [first | change, *others]})


def test_an_output_that_there_is_not_is_refused(client: TestClient, path: str) -> None:
    body = {"inputs": describe(), "outputs": [{"name": "nothing"}]}
    assert complaint(client, f"{path}/infer", body).startswith("output 'nothing' is not one of ")


def test_another_model_or_version_is_unknown(client: TestClient, path: str) -> None:
    body = {"inputs": describe()}
    for other in ("/v2/models/another/infer", f"{path}/versions/77/infer"):
        assert complaint(client, other, body, 404).startswith("there is no model ")
    assert client.get("/v2/nowhere").json() == {"error": "Not Found"}


def test_a_body_that_is_too_large_is_refused_in_the_same_form(settings: Settings, path: str) -> None:
    limited = settings.model_copy(update={"max_body_bytes": 10})
    readiness = Readiness()
    with TestClient(create_app(limited, readiness)) as client:
        wait_until(lambda: readiness.status.ready)
        assert "more than 10 bytes" in complaint(client, f"{path}/infer", b"x" * 11, 413)


class Echo:
    """A model that predictor.py knows nothing of."""

    def __init__(self) -> None:
        self.inputs = self.outputs = [Tensor("anything", "FP64", [-1])]

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {"anything": inputs["anything"] * float("nan")}


def test_without_predict_any_model_is_served(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.model_runtime.load", lambda *_: Echo())
    readiness = Readiness()
    with TestClient(create_app(settings.model_copy(update={"serve_predict": False}), readiness)) as client:
        wait_until(lambda: readiness.status.ready)
        name = client.get("/health").json()["model"]["name"]
        given = {"name": "anything", "shape": [2], "datatype": "FP64", "data": [1, 2.5]}
        assert client.post("/predict", json={}).status_code == 404
        answer = client.post(f"/v2/models/{name}/infer", json={"inputs": [given]}).json()
    assert answer["outputs"][0]["data"] == [None, None]
