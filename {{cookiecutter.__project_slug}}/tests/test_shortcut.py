import pytest
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from service.errors import UnknownModelError
from service.metrics import Metrics
from service.observing import Observe
from service.readiness import Readiness
from service.shortcut import Shortcut


async def greet(request: Request) -> Response:
    """Say hello."""
    match request.path_params["name"]:
        case "nobody":
            raise UnknownModelError("there is nobody")
        case "everybody":
            raise HTTPException(413, "there are too many")
        case "broken":
            raise RuntimeError("secret")
        case name:
            return Response(f"hello {name}")


ROUTE = APIRoute("/greet/{name}", greet, methods=["POST"], openapi_extra={"x-short": True})


def make_app() -> FastAPI:
    app = FastAPI()
    app.routes.append(ROUTE)
    return app


def make_client(*, raises: bool = False) -> TestClient:
    """Return a client of an application that has a shortcut to its only route."""
    app = Observe(Shortcut(make_app(), [ROUTE]), Metrics(), Readiness())
    return TestClient(app, raise_server_exceptions=raises)


def test_the_function_gets_the_request_and_gives_the_response() -> None:
    client = make_client()
    for name in ("you", "me", "you"):
        assert client.post(f"/greet/{name}").text == f"hello {name}"


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("nobody", 404, "there is nobody"),
        ("everybody", 413, "there are too many"),
        ("broken", 500, "the service failed; its log says why, at request id abc"),
    ],
)
def test_errors_are_answered_as_those_of_any_route(name: str, status: int, sentence: str) -> None:
    response = make_client().post(f"/greet/{name}", headers={"x-request-id": "abc"})
    assert (response.status_code, response.json()) == (status, {"detail": sentence})


def test_what_fails_unexpectedly_is_left_to_the_server_to_log() -> None:
    with pytest.raises(RuntimeError, match="secret"):
        make_client(raises=True).post("/greet/broken")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/greet/you", 405), ("POST", "/greet", 404), ("GET", "/docs", 200)]
)
def test_everything_else_goes_the_long_way(method: str, path: str, status: int) -> None:
    assert make_client().request(method, path).status_code == status


def test_the_route_is_documented_and_answers_without_the_shortcut_too() -> None:
    app = make_app()
    operation = app.openapi()["paths"]["/greet/{name}"]["post"]
    assert operation["description"] == "Say hello."
    assert operation["x-short"] is True
    assert TestClient(app).post("/greet/you").text == "hello you"
