"""What the model gets, and what clients get; `conftest.py` has an engine that answers anything."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import FakeEngine
from fastapi.testclient import TestClient

from service import assistant
from service.assistant import EXAMPLE, PredictRequest, PredictResponse, to_messages, to_response

PROJECT = Path(__file__).parents[1]


def test_a_request_becomes_a_question() -> None:
    assert to_messages(PredictRequest(country="Norway")) == [
        {"role": "system", "content": assistant.SYSTEM_PROMPT},
        {"role": "user", "content": "What is the capital of Norway?"},
    ]


def test_the_engine_is_asked_for_the_likeliest_answer_in_the_form_of_the_response(
    client: TestClient, engine: FakeEngine
) -> None:
    client.post("/predict", json=EXAMPLE.model_dump())
    (payload,) = engine.payloads
    assert payload["messages"] == to_messages(EXAMPLE)
    assert payload["temperature"] == 0
    form = payload["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    assert form["json_schema"]["schema"] == PredictResponse.model_json_schema()


def test_an_answer_is_read() -> None:
    assert to_response('{"capital": "Paris", "sure": true}') == PredictResponse(capital="Paris", sure=True)


@pytest.mark.parametrize(
    "said",
    [
        *("", "Paris", '"Paris"', '{"capital": "Par', '{"capital": "Paris"}', '{"capital": 1, "sure": true}'),
        '{"capital": "\\ud800", "sure": true}',
        json.dumps({"capital": "x" * 101, "sure": True}),
    ],
)
def test_an_answer_that_cannot_be_read_is_one_sentence(
    client: TestClient, engine: FakeEngine, said: str
) -> None:
    engine.steps = [said]
    answer = client.post("/predict", json=EXAMPLE.model_dump())
    assert answer.status_code == 502
    assert answer.json() == {"detail": "the model gave no complete answer: raise MAX_TOKENS"}


@pytest.mark.parametrize("body", [{}, {"country": ""}, {"country": 1}, {"country": "x" * 101}, {"town": "x"}])
def test_a_request_without_a_country_is_refused_and_the_engine_not_asked(
    client: TestClient, engine: FakeEngine, body: dict[str, Any]
) -> None:
    answer = client.post("/predict", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("country: ")
    assert engine.payloads == []


def test_the_example_file_is_the_example_of_the_code() -> None:
    text = (PROJECT / "examples" / "predict.json").read_text(encoding="utf-8")
    assert json.loads(text) == EXAMPLE.model_dump()
