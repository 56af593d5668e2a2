from fastapi.testclient import TestClient

from service.app import create_app
from service.readiness import Readiness
from service.settings import Settings


def test_responses_close_their_connection_only_while_draining(settings: Settings) -> None:
    readiness = Readiness()
    with TestClient(create_app(settings, readiness)) as client:
        assert "connection" not in client.get("/health/live").headers
        readiness.drain()
        assert client.get("/health/live").headers["connection"] == "close"
        assert client.get("/health/ready").status_code == 503
