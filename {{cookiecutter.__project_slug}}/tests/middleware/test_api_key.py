import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, Start, wait_until
from fastapi.testclient import TestClient

from service.app import create_app
from service.middleware.api_key import OPEN_PATHS, read_api_key
from service.serving.readiness import Readiness
from service.settings import Settings, SettingsError

KEY = "correct-horse-battery"
SENTENCE = "the API key is missing or wrong: send it as `Authorization: Bearer KEY` or as `x-api-key: KEY`"
BODY = (PROJECT / "examples" / "predict.json").read_bytes()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "api.key"
    file.write_text(f"{KEY}\n")
    return file


@pytest.fixture
def guarded(settings: Settings, key_file: Path) -> Iterator[TestClient]:
    """A client of an application with a key, whose model is ready."""
    readiness = Readiness()
    app = create_app(settings.model_copy(update={"api_key_file": key_file}), readiness)
    with TestClient(app) as client:
        wait_until(lambda: readiness.status.ready)
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"x-api-key": KEY},
        {"authorization": "Basic aGk6aGk=", "x-api-key": KEY},
    ],
)
def test_who_sends_the_key_is_answered(guarded: TestClient, headers: dict[str, str]) -> None:
    sent = {"content-type": "application/json", **headers}
    assert guarded.post("/predict", content=BODY, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": KEY},
        {"authorization": f"Basic {KEY}"},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {KEY}x"},
        {"authorization": f"Bearer {KEY[:-1]}"},
        {"x-api-key": ""},
        {"x-api-key": f"Bearer {KEY}"},
    ],
)
@pytest.mark.parametrize(
    ("path", "key"), [("/predict", "detail"), ("/v2/models/any/infer", "error"), ("/nowhere", "detail")]
)
def test_who_does_not_send_the_key_is_told_how(
    guarded: TestClient, headers: dict[str, str], path: str, key: str
) -> None:
    response = guarded.post(path, content=BODY, headers=headers)
    assert (response.status_code, response.json()) == (401, {key: SENTENCE})
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_body_of_who_has_no_key_is_not_read(guarded: TestClient) -> None:
    assert guarded.post("/predict", content=b"x" * 2_000_000).status_code == 401


def test_everything_but_probes_and_pages_wants_the_key(guarded: TestClient) -> None:
    paths = {*guarded.get("/openapi.json").json()["paths"], "/docs", "/redoc", "/openapi.json"}
    answered = {path for path in paths if guarded.get(path).status_code != 401}
    assert answered == paths & OPEN_PATHS
    assert {"/", "/health", "/health/live", "/health/ready", "/v2/health/live"} < answered
    assert {"/predict", "/v2"} < paths - answered


def test_the_documentation_asks_for_the_key_where_it_is_wanted(guarded: TestClient) -> None:
    schema = guarded.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}
    assert schema["paths"]["/predict"]["post"]["security"] == [{"key": []}]
    assert "401" in schema["paths"]["/predict"]["post"]["responses"]
    assert "security" not in schema["paths"]["/health/live"]["get"]


def test_without_a_key_nothing_is_asked_for(client: TestClient) -> None:
    assert "security" not in client.get("/openapi.json").json()["paths"]["/predict"]["post"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds nothing, but"),
        (b"\n", "holds nothing, but"),
        (b"too-short\n", "holds 9 bytes, but"),
        (b"two words are not one\n", "holds 21 bytes, but"),
        (b"two-lines-of-a-key\ntwo-lines-of-a-key", "holds 37 bytes, but"),
        ("schlüssel-aus-stahl".encode(), "holds 20 bytes, but"),
        (b"x" * 100_000, "holds 2000 bytes, but"),
    ],
)
def test_a_file_that_holds_no_key_is_named_in_one_sentence(
    key_file: Path, content: bytes, problem: str
) -> None:
    key_file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read_api_key(key_file)
    assert str(caught.value).startswith(f"API_KEY_FILE '{key_file}' {problem} must hold one line of 16 to ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_none_is_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"API_KEY_FILE '.*/none' cannot be read \(No such file"):
        read_api_key(tmp_path / "none")
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory\)"):
        read_api_key(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is denied to root")
def test_a_file_that_may_not_be_read_is_named_with_the_remedy(key_file: Path) -> None:
    key_file.chmod(0)
    with pytest.raises(SettingsError, match=r"may not be read by uid \d+: run `chmod a\+r` on the file"):
        read_api_key(key_file)


def test_a_service_says_whether_it_asks_for_a_key(start: Start, key_file: Path, tmp_path: Path) -> None:
    for settings, said in (({}, True), ({"API_KEY_FILE": key_file}, False)):
        service = start(**settings)
        wait_until(service.is_ready)
        assert ("API_KEY_FILE is not set" in service.log.read_text(encoding="utf-8")) == said
    service = start(API_KEY_FILE=tmp_path / "none")
    assert service.process.wait(timeout=20) == 1
    assert service.log.read_text(encoding="utf-8").startswith("API_KEY_FILE")
