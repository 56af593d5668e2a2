"""Shared by the tests: an application with a fake model, so that no test depends on yours."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.app import create_app
from service.batching import Batcher
from service.loader import ServedModel
from service.model_runtime import Arrays
from service.predictor import EXAMPLE, PredictRequest, PredictResponse
from service.settings import Settings

BODY = EXAMPLE.model_dump(mode="json")


class FakeModel:
    """A model that answers with a function of its inputs; it keeps the inputs of each call."""

    def __init__(self, function: Callable[[Arrays], Arrays] = dict) -> None:
        self.function = function
        self.calls: list[Arrays] = []

    def infer(self, inputs: Arrays) -> Arrays:
        self.calls.append(inputs)
        return self.function(inputs)


class FakePredictor:
    """A predictor for any model: one row of inputs, and an empty response."""

    rows_are_independent = True

    def to_inputs(self, request: PredictRequest) -> Arrays:
        return {"x": np.ones((1, 2), np.float32)}

    def to_response(self, request: PredictRequest, outputs: Arrays) -> PredictResponse:
        return PredictResponse.model_construct()


def make_batcher(model: FakeModel, *, threads: int = 1, joins: bool = True, **settings: Any) -> Batcher:
    limits = {"max_batch_size": 8, "max_batch_bytes": 1000, "max_queue_size": 100} | settings
    return Batcher(cast(Any, model), Settings(**limits), threads=threads, joins=joins)


def make_served(model: FakeModel, version: str = "1", **settings: Any) -> ServedModel:
    batcher = make_batcher(model, **settings)
    return ServedModel("fake", version, Path(), cast(Any, model), cast(Any, FakePredictor()), batcher)


def make_app(model: FakeModel, **settings: Any) -> FastAPI:
    """Return an application that serves the fake model; nothing is loaded."""
    app = create_app(Settings(**settings))
    app.state.readiness.serve(make_served(model))
    return app


def make_client(model: FakeModel | None = None, **settings: Any) -> TestClient:
    return TestClient(make_app(model or FakeModel(), **settings), raise_server_exceptions=False)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def app(model: FakeModel) -> Iterator[FastAPI]:
    app = make_app(model)
    yield app
    app.state.readiness.served.batcher.close()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)
