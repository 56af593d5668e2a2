import pytest
from fastapi.testclient import TestClient

from service import model_runtime, predictor
from service.settings import Settings
from service.volume import model_repository

INPUTS = predictor.to_inputs(predictor.EXAMPLE)


@pytest.fixture
def path(settings: Settings) -> str:
    """The path of the model that is served."""
    return f"/v2/models/{model_repository.find(settings).name}"


def test_the_server_says_what_it_is_and_that_it_is_ready(client: TestClient) -> None:
    metadata = client.get("/v2").json()
    assert metadata.keys() == {"name", "version", "extensions"}
    assert metadata["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}


def test_the_model_says_what_it_takes_and_gives(client: TestClient, path: str, settings: Settings) -> None:
    metadata = client.get(path).json()
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(INPUTS)
    version = model_repository.find(settings).version
    assert metadata["versions"] == [version]
    assert metadata["platform"] == model_runtime.PLATFORM
    assert client.get(f"{path}/versions/{version}").json() == metadata
    for ready in (f"{path}/ready", f"{path}/versions/{version}/ready"):
        assert client.get(ready).json() == {"name": metadata["name"], "ready": True}


def test_what_is_not_here_is_refused_in_the_form_of_the_protocol(client: TestClient, path: str) -> None:
    for other in (
        "/v2/models/another",
        f"{path}/versions/77",
        f"{path}/versions/77/ready",
        "/v2/models/x/ready",
    ):
        response = client.get(other)
        assert response.status_code == 404
        assert response.json()["error"].startswith("there is no model ")
    assert client.get("/v2/nowhere").json() == {"error": "Not Found"}


def test_a_model_is_asked_by_post_alone(client: TestClient, path: str, settings: Settings) -> None:
    version = model_repository.find(settings).version
    for each in (f"{path}/infer", f"{path}/versions/{version}/infer"):
        response = client.get(each)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert response.json() == {"error": "Method Not Allowed"}
