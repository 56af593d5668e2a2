"""Chats that are wrong somewhere, by the thousand; each seed gives its own.

Run it with the Python of a rendered project that has a language model: `PYTHONPATH=src python
malformed_chat.py COUNT SEED`. It asks the project's application, with a stand-in for the engine that checks
what it is asked, and prints how many requests got which status.
"""

import json
import random
import sys
from collections import Counter
from typing import Any

import httpx2
from fastapi.testclient import TestClient
from mutations import CHANGES, change, change_bytes, write
from service.app import create_app
from service.settings import Settings

FORWARDED = {"model", "messages", "max_tokens", "temperature", "top_p", "seed", "stop", "response_format"}
FORWARDED |= {"logprobs", "top_logprobs", "stream", "stream_options"}
QUESTION = {"role": "user", "content": "What is the capital of France?"}
SCHEMA = {"type": "object", "properties": {"capital": {"type": "string"}}, "required": ["capital"]}
GOOD: list[dict[str, Any]] = [
    {"model": "capitals", "messages": [QUESTION]},
    {
        **{"model": "capitals", "messages": [{"role": "system", "content": "Be brief."}, QUESTION]},
        **{"temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["\n"], "max_completion_tokens": 50, "n": 1},
        **{"logprobs": True, "top_logprobs": 2, "tools": [], "user": "somebody", "presence_penalty": 0},
    },
    {
        **{"model": "capitals", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
        **{"stream": True, "stream_options": {"include_usage": True}, "stop": "END", "max_tokens": 9},
        **{"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}},
    },
]
ANSWER = (
    b'data: {"choices":[{"finish_reason":"stop","index":0,"delta":{"content":"Paris"}}]}\n\n'
    b'data: {"choices":[],"usage":{"completion_tokens":1,"prompt_tokens":9}}\n\ndata: [DONE]\n\n'
)


def answer(request: httpx2.Request) -> httpx2.Response:
    """Answer for the engine, which is asked for what it knows, and for no more than is allowed."""
    asked = json.loads(request.content)
    assert asked.keys() <= FORWARDED, asked
    assert 1 <= asked["max_tokens"] <= Settings().max_tokens
    assert asked["stream"] is True
    assert all(message.keys() == {"role", "content"} for message in asked["messages"])
    return httpx2.Response(200, content=ANSWER)


def main(count: int, seed: int) -> None:
    """Ask; stop at the first answer that is neither complete nor an error in OpenAI's form."""
    app = create_app(Settings())
    transport = httpx2.MockTransport(answer)
    app.state.engine.client = httpx2.AsyncClient(transport=transport, base_url="http://engine")
    client = TestClient(app)
    dice = random.Random(seed)  # noqa: S311
    statuses: Counter[int] = Counter()
    for _ in range(count):
        request = json.loads(json.dumps(dice.choice(GOOD)))
        change(request, dice, CHANGES)
        body = write(request)
        body = change_bytes(body, dice) if dice.random() < 0.2 else body
        headers = {"content-type": "application/json"}
        response = client.post("/v1/chat/completions", content=body, headers=headers)
        statuses[response.status_code] += 1
        check(response, body)
    print(json.dumps(statuses))


def check(response: httpx2.Response, body: bytes) -> None:
    """Check that a chat was answered, or refused in one short sentence."""
    assert response.status_code in {200, 400, 404}, (response.status_code, response.content, body)
    if response.status_code == 200:
        assert b"Paris" in response.content
        return
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert "\n" not in error["message"], body
    assert len(error["message"]) < 1000, body


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
