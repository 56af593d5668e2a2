import pytest
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException as StarletteHTTPException

from service.errors import ServiceError, UnknownModelError
from service.middleware.observing import Observe
from service.middleware.shortcut import Shortcut
from service.problems import answer_http_error, answer_service_error
from service.serving.readiness import Readiness
from service.telemetry.metrics import Metrics


class OddError(LookupError):
    """An error that only a project knows."""


async def greet(request: Request) -> Response:
    """Say hello."""
    match request.path_params["name"]:
        case "nobody":
            raise UnknownModelError("there is nobody")
        case "everybody":
            raise HTTPException(413, "there are too many")
        case "broken":
            raise RuntimeError("secret")
        case "odd":
            raise OddError
        case name:
            return Response(f"hello {name}")


ROUTE = APIRoute("/greet/{name}", greet, methods=["POST"], openapi_extra={"x-short": True})


def make_app() -> FastAPI:
    app = FastAPI()
    app.routes.append(ROUTE)
    app.exception_handler(ServiceError)(answer_service_error)
    app.exception_handler(StarletteHTTPException)(answer_http_error)
    return app


def make_client(*, raises: bool = False) -> TestClient:
    """Return a client of an application that has a shortcut to its only route."""
    app = make_app()
    shortcut = Shortcut(app, [ROUTE], app.exception_handlers)
    return TestClient(Observe(shortcut, Metrics(), Readiness()), raise_server_exceptions=raises)


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


@pytest.mark.parametrize("kind", [OddError, LookupError])
@pytest.mark.parametrize("waits", [True, False])
def test_handlers_of_the_application_answer_its_errors(kind: type[Exception], waits: bool) -> None:
    def answer(_: Request, error: Exception) -> Response:
        return Response(type(error).__name__, 418)

    async def answer_soon(request: Request, error: Exception) -> Response:
        return answer(request, error)

    app = make_app()
    client = TestClient(Shortcut(app, [ROUTE], app.exception_handlers))
    app.exception_handler(kind)(answer_soon if waits else answer)
    response = client.post("/greet/odd")
    assert (response.status_code, response.text) == (418, "OddError")


def test_a_handler_of_a_status_answers_it() -> None:
    app = make_app()
    client = TestClient(Shortcut(app, [ROUTE], app.exception_handlers))
    app.exception_handler(413)(lambda *_: Response("too many", 413))
    assert client.post("/greet/everybody").text == "too many"


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
