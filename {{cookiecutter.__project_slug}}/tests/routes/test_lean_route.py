from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient

from service.errors import UnknownModelError
from service.problems import answer_service_error
from service.routes.lean_route import LeanRoute


async def greet(request: Request) -> Response:
    """Say hello."""
    if request.path_params["name"] == "nobody":
        raise UnknownModelError("there is nobody")
    return Response(f"hello {request.path_params['name']}")


def make_app() -> FastAPI:
    app = FastAPI()
    app.exception_handler(UnknownModelError)(answer_service_error)
    app.routes.append(LeanRoute("/greet/{name}", greet, methods=["POST"], openapi_extra={"x-lean": True}))
    return app


def test_its_function_gets_the_request_and_gives_the_response() -> None:
    assert TestClient(make_app()).post("/greet/you").text == "hello you"


def test_its_errors_are_answered_as_those_of_any_route() -> None:
    response = TestClient(make_app()).post("/greet/nobody")
    assert (response.status_code, response.json()) == (404, {"detail": "there is nobody"})


def test_it_is_documented_as_any_route() -> None:
    operation = make_app().openapi()["paths"]["/greet/{name}"]["post"]
    assert operation["description"] == "Say hello."
    assert operation["x-lean"] is True
