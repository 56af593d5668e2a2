from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, create_model

from service.problems import answer_invalid_request


class Flower(BaseModel):
    """What a project might predict from."""

    petal: float
    sepal: float
    kind: str = Field(alias="class")
    note: str = ""


Wide = create_model("Wide", **{f"x{number}": (float, ...) for number in range(12)})  # type: ignore[call-overload]


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A client of routes that take an object, an object or nothing, many keys, and a list."""
    app = FastAPI()
    app.exception_handler(RequestValidationError)(answer_invalid_request)
    bodies = {"/flower": Flower, "/maybe": Flower | None, "/wide": Wide, "/list": list[float]}
    for path, body in bodies.items():

        def answer(given: body) -> None:  # type: ignore[valid-type]
            """Take it."""

        app.post(path)(answer)
    with TestClient(app) as client:
        yield client


def refuse(client: TestClient, body: str, path: str = "/flower", kind: str = "application/json") -> str:
    """Return what is said of a body that is no good."""
    response = client.post(path, content=body, headers={"content-type": kind} if kind else {})
    assert response.status_code == 422
    sentence: str = response.json()["detail"]
    return sentence


@pytest.mark.parametrize("body", ["[]", "null", "5", '"petal"', "true"])
def test_a_body_that_is_no_object_is_told_which_keys_it_must_have(client: TestClient, body: str) -> None:
    assert refuse(client, body) == "the body must be a JSON object with petal, sepal, class"


def test_no_body_is_told_what_it_must_be(client: TestClient) -> None:
    assert refuse(client, "") == "the body is missing: it must be a JSON object with petal, sepal, class"


@pytest.mark.parametrize("kind", ["", "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_that_does_not_say_that_it_is_json_is_told_how_to(client: TestClient, kind: str) -> None:
    assert refuse(client, '{"petal": 1}', kind=kind) == (
        "the body must come with the header `content-type: application/json` "
        "and be a JSON object with petal, sepal, class"
    )


def test_of_many_keys_the_first_are_named_and_the_others_counted(client: TestClient) -> None:
    assert refuse(client, "[]", "/wide").endswith("with x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, and 2 more")


def test_of_many_problems_the_first_are_named_and_the_others_counted(client: TestClient) -> None:
    three = "x0: Field required; x1: Field required; x2: Field required"
    assert refuse(client, "{}", "/wide") == f"{three}; and 9 more"
    assert refuse(client, '{"petal": "x", "sepal": 1, "class": 5}').count(";") == 1


def test_a_body_whose_type_has_no_keys_is_refused_in_other_words(client: TestClient) -> None:
    assert refuse(client, "{}", "/list") == "the body is wrong: Input should be a valid list"
    assert refuse(client, "[]", "/maybe") == "the body must be a JSON object"
