"""`POST /v1/chat/completions` and `GET /v1/models`, as clients of OpenAI's API see them."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import CHAT, ERROR, USAGE, FakeEngine, Gate, make_client
from fastapi.testclient import TestClient

from service.chat import UNSUPPORTED

KEY = "a-key-of-16-chars-or-more"
SCHEMA = {"type": "object", "properties": {"a": {"default": None, "enum": [None, 1]}}, "x-own": {}}
REFUSED = {
    "tools": [{"type": "function", "function": {"name": "add"}}],
    "functions": [{"name": "add"}],
    "n": 2,
    "logit_bias": {"50256": -100},
    "presence_penalty": 0.5,
    "frequency_penalty": -0.5,
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
}


def post(client: TestClient, **members: Any) -> Any:
    headers = {"content-type": "application/json"}
    return client.post("/v1/chat/completions", content=json.dumps(CHAT | members), headers=headers)


def read_events(text: str) -> list[Any]:
    """Return the data of each event of a stream, read as JSON if it is."""
    *events, end = text.split("\n\n")
    assert end == ""
    assert all(event.startswith("data: ") for event in events)
    data = [event.removeprefix("data: ") for event in events]
    return [each if each == "[DONE]" else json.loads(each) for each in data]


def read_error(answer: Any) -> str:
    """Return the sentence of an error in OpenAI's form."""
    assert answer.json().keys() == {"error"}
    return check_error(answer.json()["error"], answer.status_code)


def check_error(error: Any, status: int) -> str:
    assert error["type"] == ("server_error" if status >= 500 else "invalid_request_error")
    assert error["param"] is None
    assert error["code"] == ("invalid_api_key" if status == 401 else None)
    assert "\n" not in error["message"]
    return str(error["message"])


def test_an_answer_without_a_stream_is_complete(client: TestClient, engine: FakeEngine) -> None:
    engine.steps = ["Good ", "day"]
    answer = post(client)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    message = {"role": "assistant", "content": "Good day"}
    assert answer.json() == {
        "id": "chatcmpl-x",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USAGE,
    }


@pytest.mark.parametrize(
    ("options", "usages"),
    [(None, []), ({}, []), ({"include_usage": False}, []), ({"include_usage": True}, [USAGE])],
)
def test_a_stream_has_an_event_for_each_token_and_the_usage_on_request(
    client: TestClient, engine: FakeEngine, options: dict[str, bool] | None, usages: list[Any]
) -> None:
    engine.steps = ["Good ", 'day, "choices":[], "usage":{}']
    answer = post(client, stream=True, stream_options=options)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, done = read_events(answer.text)
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert [choice["delta"].get("content") for choice in choices] == [*engine.steps, None]
    assert [choice["finish_reason"] for choice in choices] == [None, None, "stop"]
    assert [chunk["usage"] for chunk in chunks if "usage" in chunk] == usages


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "step", "answered", "sentence"),
    [
        (400, b'{"error":{"message":"the context\\nis too small"}}', 400, "context is too small"),
        (500, b"", 502, "no reason given"),
        (503, b'{"error":{"message":"Loading model"}}', 503, "Loading model"),
        (200, ERROR, 502, "out of memory"),
        (200, httpx2.ReadError("reset"), 503, "the engine does not answer: try again later"),
    ],
)
def test_a_failure_before_the_first_token_is_a_status(
    client: TestClient, engine: FakeEngine, stream: bool, status: int, step: Any, answered: int, sentence: str
) -> None:
    engine.status, engine.steps = status, [step]
    answer = post(client, stream=stream)
    assert answer.status_code == answered
    assert sentence in read_error(answer)


@pytest.mark.parametrize(
    ("step", "seconds", "status", "sentence"),
    [
        (ERROR, 60, 502, "out of memory"),
        (httpx2.RemoteProtocolError("closed too early"), 60, 503, "the engine does not answer"),
        (Gate, 1, 504, "before the deadline"),
    ],
)
def test_a_failure_after_the_first_token_is_the_last_event_of_a_stream(
    engine: FakeEngine, step: Any, seconds: float, status: int, sentence: str
) -> None:
    client = make_client(engine, request_timeout_seconds=seconds)
    engine.steps = ["Good ", Gate() if step is Gate else step, "day"]
    answer = post(client, stream=True)
    assert answer.status_code == 200
    token, error = read_events(answer.text)
    assert token["choices"][0]["delta"] == {"content": "Good "}
    assert error.keys() == {"error"}
    assert sentence in check_error(error["error"], status)


@pytest.mark.parametrize(
    ("step", "seconds", "status"),
    [(ERROR, 60, 502), (httpx2.RemoteProtocolError("closed"), 60, 503), (Gate, 0.1, 504)],
)
def test_a_failure_after_the_first_token_is_the_status_of_a_whole_answer(
    engine: FakeEngine, step: Any, seconds: float, status: int
) -> None:
    client = make_client(engine, request_timeout_seconds=seconds)
    engine.steps = ["Good ", Gate() if step is Gate else step, "day"]
    answer = post(client)
    assert answer.status_code == status
    assert read_error(answer)


@pytest.mark.parametrize(
    ("limits", "sent"),
    [
        ({}, 100),
        ({"max_tokens": 7}, 7),
        ({"max_tokens": 101}, 100),
        ({"max_completion_tokens": 7}, 7),
        ({"max_completion_tokens": 101}, 100),
        ({"max_tokens": 7, "max_completion_tokens": 8}, 7),
        ({"max_tokens": 101, "max_completion_tokens": 8}, 8),
        ({"max_tokens": None, "max_completion_tokens": None}, 100),
    ],
)
def test_no_request_gets_more_tokens_than_the_setting_allows(
    engine: FakeEngine, limits: dict[str, Any], sent: int
) -> None:
    assert post(make_client(engine, max_tokens=100), **limits).status_code == 200
    assert engine.payloads[0]["max_tokens"] == sent
    assert "max_completion_tokens" not in engine.payloads[0]


def test_only_options_that_change_the_answer_are_forwarded(client: TestClient, engine: FakeEngine) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "own", "strict": True, "schema": SCHEMA}}
    known: dict[str, Any] = {"temperature": 0.5, "top_p": 0.9, "seed": -1, "stop": ["\n", "end"]}
    known |= {"response_format": form, "logprobs": True, "top_logprobs": 2}
    unknown = {"user": "me", "store": True, "cache_prompt": False, "grammar": "root ::= 'a'", "id_slot": 1}
    assert post(client, **known, **unknown).status_code == 200
    payload = engine.payloads[0]
    assert {name: payload[name] for name in known} == known
    own = {"model", "messages", "max_tokens", "stream", "stream_options"}
    assert payload.keys() == known.keys() | own
    assert (payload["model"], payload["messages"]) == ("fake", CHAT["messages"])


@pytest.mark.parametrize(("name", "value"), REFUSED.items())
def test_unsupported_options_are_refused_unless_they_have_no_effect(
    client: TestClient, engine: FakeEngine, name: str, value: Any
) -> None:
    refused = post(client, **{name: value})
    assert refused.status_code == 400
    assert f"{name} is not supported" in read_error(refused)
    assert engine.payloads == []
    for harmless in (UNSUPPORTED[name], None):
        assert post(client, **{name: harmless}).status_code == 200
    assert not any(name in payload for payload in engine.payloads)


def test_every_unsupported_option_is_tested() -> None:
    assert REFUSED.keys() == UNSUPPORTED.keys()


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ({"role": "developer", "content": "Be brief"}, {"role": "system", "content": "Be brief"}),
        ({"role": "user", "content": "developer"}, {"role": "user", "content": "developer"}),
        (
            {"role": "user", "content": [{"type": "text", "text": "Good "}, {"type": "text", "text": "day"}]},
            {"role": "user", "content": "Good day"},
        ),
        ({"role": "assistant", "content": "", "name": "me"}, {"role": "assistant", "content": ""}),
    ],
)
def test_messages_are_translated_for_the_engine(
    client: TestClient, engine: FakeEngine, message: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert post(client, messages=[message]).status_code == 200
    assert engine.payloads[0]["messages"] == [sent]


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("messages.0.content", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
        ("messages.0.content", {"messages": [{"role": "user", "content": ["text"]}]}),
        ("messages.0.content", {"messages": [{"role": "user", "content": None}]}),
        ("messages.0.role", {"messages": [{"role": "tool", "content": "4"}]}),
        ("messages", {"messages": []}),
        ("max_tokens", {"max_tokens": 0}),
        ("temperature", {"temperature": 2.5}),
        ("seed", {"seed": 2**31}),
        ("stop", {"stop": ["x"] * 17}),
        ("response_format", {"response_format": {"type": "json_schema"}}),
        ("response_format.type", {"response_format": {"type": "xml"}}),
        ("response_format.json_schema", {"response_format": {"type": "json_schema", "json_schema": {}}}),
    ],
)
def test_validation_errors_name_the_field(
    client: TestClient, engine: FakeEngine, name: str, members: dict[str, Any]
) -> None:
    answer = post(client, **members)
    assert answer.status_code == 400
    assert read_error(answer).startswith(name)
    assert engine.payloads == []


def test_another_model_gets_404(client: TestClient) -> None:
    answer = post(client, model="gpt\n\ud800")
    assert answer.status_code == 404
    assert read_error(answer) == r"there is no model 'gpt\n\ud800': ask for 'fake'"


@pytest.mark.parametrize("step", ["fine", b'error: {"error":{"message":"\\ud800"}}\n\n'])
def test_a_lone_surrogate_is_not_an_error_of_the_service(
    client: TestClient, engine: FakeEngine, step: str | bytes
) -> None:
    engine.steps = [step]
    for content in ("\ud800", [{"type": "text", "text": "\udfff"}]):
        members: dict[str, Any] = {"messages": [{"role": "user", "content": content}], "stop": "\ud800"}
        assert post(client, **members).status_code != 500
        assert post(client, **members, stream=True).status_code != 500


def test_the_model_that_is_served_is_listed(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [(model["id"], model["object"]) for model in listed["data"]] == [("fake", "model")]


def test_a_missing_api_key_is_an_error_in_openais_form(tmp_path: Path, engine: FakeEngine) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    client = make_client(engine, api_key_file=file)
    for answer in (post(client), post(client, stream=True), client.get("/v1/models")):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "the API key is missing or wrong" in read_error(answer)
    assert engine.payloads == []
    client.headers["authorization"] = f"Bearer {KEY}"
    assert post(client).status_code == 200
    assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("milliseconds", "status", "sentence"),
    [("0", 504, "before the deadline"), ("soon", 400, "must be a whole number of milliseconds")],
)
def test_the_deadline_of_a_request_is_its_own(
    client: TestClient, stream: bool, milliseconds: str, status: int, sentence: str
) -> None:
    client.headers["x-request-timeout-ms"] = milliseconds
    answer = post(client, stream=stream)
    assert answer.status_code == status
    assert sentence in read_error(answer)
