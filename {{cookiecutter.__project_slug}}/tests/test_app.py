from collections.abc import Awaitable, Callable

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.app import Application, create_app
from service.middleware.shortcut import Shortcut
from service.routes import infer
from service.serving.readiness import Readiness
from service.settings import Settings


class AddHeader:
    """Middleware as a project would add it."""

    def __init__(self, app: ASGIApp, name: bytes) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (self.name, b"1")]
            await send(message)

        await self.app(scope, receive, send_more)


def test_middleware_that_is_given_to_the_application_is_around_its_shortcuts() -> None:
    app = Application(shortcuts=infer.routes, middleware=[Middleware(AddHeader, name=b"x-given")])
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/nowhere").headers["x-given"] == "1"
    assert isinstance(app._outermost, AddHeader)
    assert isinstance(app._outermost.app, Shortcut)


@pytest.mark.parametrize("path", ["/v2/models/any/infer", "/predict", "/nowhere"])
def test_middleware_that_a_project_adds_is_around_every_route(settings: Settings, path: str) -> None:
    app = create_app(settings, Readiness())
    app.add_middleware(AddHeader, name=b"x-added")

    @app.middleware("http")
    async def decorate(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await go_on(request)
        response.headers["x-decorated"] = "1"
        return response

    with TestClient(app) as client:
        response = client.post(path, content=b"{}")
    assert (response.headers["x-added"], response.headers["x-decorated"]) == ("1", "1")
    assert "x-request-id" in response.headers
