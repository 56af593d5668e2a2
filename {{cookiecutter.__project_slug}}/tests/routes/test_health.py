import http.client
import threading
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Start, wait_until
from fastapi.testclient import TestClient

from service.about import about
from service.app import create_app
from service.model_runtime import FILE_NAME
from service.serving import loader
from service.serving.readiness import Readiness
from service.settings import Settings
from service.volume import model_repository


def test_a_ready_service_says_which_model_answers(client: TestClient, settings: Settings) -> None:
    assert client.get("/health/live").json() == {"live": True}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    health = client.get("/health")
    assert health.status_code == 200
    assert health.json().items() >= {"state": "ready", "version": about().version}.items()
    found = model_repository.find(settings)
    assert health.json()["model"] == {"name": found.name, "version": found.version}


def test_the_documentation_shows_models_as_a_volume_holds_them(client: TestClient, tmp_path: Path) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    def example(name: str, field: str) -> str:
        (shown,) = schemas[name]["properties"][field]["examples"]
        return str(shown)

    path, _, rest = example("ReloadInfo", "reason").partition(" ")
    assert rest == "is damaged or was changed"
    file = tmp_path / "shown" / Path(path).relative_to("/models")
    file.parent.mkdir(parents=True)
    file.touch()
    (found,) = model_repository.list_versions(Settings(model_repository=tmp_path / "shown"))
    assert found.directory / FILE_NAME == file
    assert (found.name, found.version) == (example("ModelInfo", "name"), example("ReloadInfo", "version"))
    served = f"{found.name}/{example('ModelInfo', 'version')}"
    assert example("Ready", "reason") == example("Health", "reason") == f"model {served} answers"


def test_who_asks_for_the_status_alone_gets_it(start: Start) -> None:
    service = start()
    wait_until(service.is_ready)
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        for path in ("/health", "/health/live", "/health/ready"):
            connection.request("HEAD", path)
            response = connection.getresponse()
            # If there were a body, the next answer would begin with it.
            assert (response.status, response.read()) == (200, b"")


def test_liveness_answers_while_the_model_is_loading(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, load = threading.Event(), loader.load

    def load_slowly(settings: Settings) -> loader.LoadedModel:
        release.wait()
        return load(settings)

    monkeypatch.setattr(loader, "load", load_slowly)
    with TestClient(create_app(settings, Readiness())) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert "being loaded" in ready.json()["reason"]
        assert client.get("/health").status_code == 503
        release.set()
        wait_until(lambda: client.get("/health/ready").status_code == 200)


def test_a_failed_load_is_told_with_its_reason(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Settings) -> loader.LoadedModel:
        raise MemoryError("too large")

    monkeypatch.setattr(loader, "load", fail)
    with TestClient(create_app(settings, Readiness())) as client:
        wait_until(lambda: client.get("/health").json()["state"] == "failed")
        assert "too large" in client.get("/health/ready").json()["reason"]
