"""Logs, request ids and metrics."""

import json
import logging

import pytest
from conftest import BODY
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service import logs


def find_metric(client: TestClient, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_each_answer_has_a_request_id_and_takes_over_a_safe_one(client: TestClient) -> None:
    safe = client.get("/", headers={"x-request-id": "from-the-client.1"}).headers["x-request-id"]
    assert safe == "from-the-client.1"
    own = client.get("/", headers={"x-request-id": "two words"}).headers["x-request-id"]
    assert len(own) == 16


{% include "serving/" ~ cookiecutter.__serving ~ "/test_observing.py" %}


def test_paths_that_clients_make_up_do_not_become_labels(client: TestClient) -> None:
    client.get("/made-up-path")
    assert "made-up-path" not in client.get("/metrics").text


def test_a_request_leaves_one_line_and_probes_none(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.access")
    client.get("/health/ready")
    client.post("/predict?x=a%0Ab", json=BODY)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "service.access"]
    assert line.startswith("POST /predict 200 ")


def test_while_the_service_drains_responses_ask_to_close(app: FastAPI, client: TestClient) -> None:
    app.state.readiness.drain()
    answer = client.post("/predict", json=BODY)
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert client.get("/health/ready").status_code == 503


@pytest.mark.parametrize("text", ["plain", 'with "quotes" and\na line break'])
def test_json_logs_hold_one_object_per_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    logs.configure("info", "json")
    logs.REQUEST_ID.set("42")
    logging.getLogger("service").error(text)
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert {name: found[name] for name in ("level", "logger", "request_id", "message")} == {
        "level": "ERROR",
        "logger": "service",
        "request_id": "42",
        "message": text,
    }


def test_text_logs_name_the_level_and_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", "text")
    logging.getLogger("service").info("too detailed")
    logging.getLogger("service").warning("worth a line")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("worth a line")
    assert " WARNING service [" in line
