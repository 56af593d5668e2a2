from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.readiness import Readiness
from service.settings import Settings


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    settings = settings.model_copy(update={"max_body_bytes": 100})
    with TestClient(create_app(settings, Readiness())) as client:
        yield client


def in_pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * 10


def test_a_body_of_the_largest_size_is_read(client: TestClient) -> None:
    assert client.post("/predict", content=b"x" * 100).status_code != 413


def test_a_body_that_says_that_it_is_too_large_is_refused(client: TestClient) -> None:
    response = client.post("/predict", content=b"x" * 101)
    assert response.status_code == 413
    assert response.json() == {"detail": "the body has more than 100 bytes, which is the limit here"}


def test_a_body_that_does_not_say_its_size_is_refused_once_it_is_too_large(client: TestClient) -> None:
    assert client.post("/predict", content=in_pieces(10)).status_code != 413
    assert client.post("/predict", content=in_pieces(11)).status_code == 413


def test_a_page_that_reads_no_body_does_not_mind(client: TestClient) -> None:
    assert client.request("GET", "/health/live", content=b"x" * 101).status_code == 200
