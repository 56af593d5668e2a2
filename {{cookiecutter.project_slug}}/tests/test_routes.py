"""What clients see: health, predictions, and each error in one sentence."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
{% include "serving/" ~ cookiecutter.__serving ~ "/test_routes_imports.py" %}
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient

from service.app import create_app
from service.dependencies import get_inference
from service.settings import Settings, SettingsError

KEY = "a-key-of-16-chars-or-more"


def fail(*_: object) -> Any:
    raise ValueError("wrong shape\nwith details")


def refuse() -> None:
    raise HTTPException(401, "not you")


def test_a_service_says_what_it_is_and_that_it_is_ready(client: TestClient) -> None:
    assert client.get("/").json()["docs"] == "/docs"
    assert "docs" not in make_client(serve_docs=False).get("/").json()
    assert client.get("/health/live").json() == {"live": True}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["state"]) == (200, "ready")
    assert ready.json()["model"].startswith("fake")


{% include "serving/" ~ cookiecutter.__serving ~ "/test_routes.py" %}


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready", "/metrics"])
def test_head_is_answered_like_get(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200


def test_unknown_keys_are_ignored(client: TestClient) -> None:
    assert client.post("/predict", json=BODY | {f"key{n}": n for n in range(1000)}).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "status", "detail"),
    [
        (b"[]", {}, 422, "the body must be a JSON object"),
        (b"{}", {}, 422, "Field required"),
        (b"", {}, 422, "the body must be a JSON object"),
        (b"{", {}, 422, "the body is not valid JSON: "),
        (b"x", {"content-type": "text/plain"}, 422, "content-type: application/json"),
        (b"{}", {"content-encoding": "gzip"}, 415, "compressed bodies are not read"),
        (b"{}", {"content-length": "0" * 4400 + "9" * 30}, 413, "MAX_BODY_BYTES"),
        (b" " * 2_000_000, {}, 413, "MAX_BODY_BYTES"),
        (None, {"x-request-timeout-ms": "soon"}, 422, "x-request-timeout-ms must be a whole number"),
        (None, {"x-request-timeout-ms": "0"}, 504, "before the deadline"),
    ],
)
def test_an_invalid_request_gets_one_sentence(
    client: TestClient, content: bytes | None, headers: dict[str, str], status: int, detail: str
) -> None:
    content = json.dumps(BODY).encode() if content is None else content
    answer = client.post("/predict", content=content, headers={"content-type": "application/json"} | headers)
    assert answer.status_code == status
    assert answer.json().keys() == {"detail"}
    assert detail in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]


def test_a_large_body_in_chunks_is_refused_too(client: TestClient) -> None:
    answer = client.post("/predict", content=(b" " * 1000 for _ in range(2000)))
    assert answer.status_code == 413
    assert "MAX_BODY_BYTES" in answer.json()["detail"]


def test_an_unexpected_error_names_the_request_id(app: FastAPI, client: TestClient) -> None:
    app.dependency_overrides[get_inference] = lambda: fail()
    answer = client.post("/predict", json=BODY, headers={"x-request-id": "abc"})
    assert answer.status_code == 500
    assert answer.json() == {"detail": "the service failed: see its log for request id abc"}


@pytest.mark.parametrize("path", ["/health/", "/predict/", "/nowhere"])
def test_a_path_that_leads_nowhere_is_not_redirected(client: TestClient, path: str) -> None:
    assert client.get(path, follow_redirects=False).status_code == 404


def test_dependencies_of_the_application_and_overrides_mean_what_fastapi_says(
    app: FastAPI, client: TestClient
) -> None:
    app.dependency_overrides[get_inference] = refuse
    assert client.post("/predict", json=BODY).status_code == 401
    guarded = FastAPI(dependencies=[Depends(refuse)])
    guarded.include_router(app.router)
    assert TestClient(guarded).post("/predict", json=BODY).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-api-key": "wrong"}, 401),
        ({"authorization": "Basic eA=="}, 401),
        ({"x-api-key": KEY}, 200),
        ({"authorization": f"Bearer {KEY}"}, 200),
    ],
)
def test_an_api_key_is_required_if_one_is_set(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    client = make_client(api_key_file=file)
    assert client.post("/predict", json=BODY, headers=headers).status_code == status
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("content", ["", "short", "two words of the key", "ключ" * 10])
def test_a_file_without_a_usable_key_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="holds no key: put 16 to 1000 letters"):
        create_app(Settings(api_key_file=file))


def test_only_allowed_origins_may_call_the_service() -> None:
    headers = {"origin": "https://example.com", "access-control-request-method": "POST"}
    assert make_client().options("/predict", headers=headers).status_code == 405
    client = make_client(allowed_origins="https://example.org, https://example.com")
    allowed = client.options("/predict", headers=headers)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://example.com"


def test_the_documentation_needs_no_other_server() -> None:
    client = TestClient(make_client().app, root_path="/ml")
    page = client.get("/ml/docs").text
    addresses = re.findall(r"(?:src|href)=\"http://testserver(/ml/[^\"]+)\"", page)
    assert len(addresses) == 3
    assert len(re.findall("https?://", page)) == 3
    assert "'/ml/openapi.json'" in page
    assert {client.get(address).status_code for address in addresses} == {200}
    assert make_client(serve_docs=False).get("/docs").status_code == 404
    assert make_client(serve_docs=False).get("/openapi.json").status_code == 404
