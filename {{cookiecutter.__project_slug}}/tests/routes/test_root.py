from fastapi.testclient import TestClient

from service.app import create_app
from service.serving.readiness import Readiness
from service.settings import Settings


def test_the_first_page_says_what_this_is_and_where_to_go(client: TestClient) -> None:
    welcome = client.get("/").json()
    assert welcome["name"] == client.get("/openapi.json").json()["info"]["title"]
    for page in ("docs", "health"):
        assert client.get(welcome[page]).status_code == 200


def test_pages_that_are_switched_off_are_not_there_and_not_pointed_to(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"serve_docs": False}), Readiness())
    with TestClient(app) as client:
        assert "docs" not in client.get("/").json()
        for page in ("/docs", "/redoc", "/openapi.json"):
            assert client.get(page).status_code == 404
