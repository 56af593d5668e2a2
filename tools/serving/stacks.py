"""The stacks that `make bench-serving` compares: how each is started, and what each is asked."""

import json
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import make_request

HERE = Path(__file__).parent
MODELS = {"tiny": "64-64-10", "medium": "512-2048-2048-512"}
LIVE = make_request("GET", "/health/live", connection="close")


@dataclass(frozen=True)
class Stack(ABC):
    """One way to serve the models, all in the same environment and on the same files."""

    name: str
    title: str
    what: str

    @abstractmethod
    def command(self, python: Path, port: int) -> list[str]:
        """Return what starts it."""

    @abstractmethod
    def environment(self, model: str, volume: Path, port: int) -> dict[str, str]:
        """Return the variables that tell it what to serve."""

    @abstractmethod
    def request(self, model: str) -> bytes:
        """Return the request for one row, the same row for all stacks."""

    @abstractmethod
    def read(self, answer: dict[str, Any]) -> list[float]:
        """Return the numbers of an answer."""


class Template(Stack):
    """The project as it is rendered, asked over the Open Inference Protocol."""

    def command(self, python: Path, port: int) -> list[str]:
        """Return what the container runs too."""
        return [str(python), "-m", "service"]

    def environment(self, model: str, volume: Path, port: int) -> dict[str, str]:
        """Return its settings; all others are as they are by default."""
        settings = {"MODEL_REPOSITORY": str(volume), "MODEL_NAME": model, "SERVE_PREDICT": "false"}
        return settings | {"HOST": "127.0.0.1", "PORT": str(port)}

    def request(self, model: str) -> bytes:
        """Return an inference request in JSON."""
        row = make_row(model)
        tensor = {"name": "x", "shape": [1, len(row)], "datatype": "FP32", "data": row}
        body = json.dumps({"inputs": [tensor]}).encode()
        return make_request("POST", f"/v2/models/{model}/infer", body)

    def read(self, answer: dict[str, Any]) -> list[float]:
        """Return the only output."""
        return answer["outputs"][0]["data"]


@dataclass(frozen=True)
class Script(Stack):
    """A route of tutorial.py or bare.py."""

    path: str
    options: tuple[str, ...] = ()
    module: str = "tutorial"

    def command(self, python: Path, port: int) -> list[str]:
        """Return uvicorn's command line."""
        command = [str(python), "-m", "uvicorn", f"{self.module}:app", "--app-dir", str(HERE)]
        return [*command, "--port", str(port), *self.options]

    def environment(self, model: str, volume: Path, port: int) -> dict[str, str]:
        """Return where the model is."""
        return {"MODEL_FILE": str(volume / model / "1" / "model.onnx")}

    def request(self, model: str) -> bytes:
        """Return the request that these take."""
        return make_request("POST", self.path, json.dumps({"inputs": make_row(model)}).encode())

    def read(self, answer: dict[str, Any]) -> list[float]:
        """Return the only row."""
        return answer["outputs"][0]


TEMPLATE = Template(
    "template",
    "this template",
    "the project as rendered and with its default settings, JSON over the Open Inference Protocol",
)
TUTORIAL = Script(
    "tutorial",
    "tutorial",
    "the model called in an `async def` route, inputs as a pydantic list; `uvicorn main:app` takes "
    "httptools, because the template has it, and logs a line per request, as the template does",
    "/predict",
)
THREADS = Script(
    "threads", "tutorial in threads", "the same in a `def` route, in the thread pool", "/predict-in-thread"
)
INSTALLED = Script(
    "installed",
    "tutorial as installed",
    "the `async def` route with what `pip install fastapi uvicorn` brings, so with h11 for httptools",
    "/predict",
    ("--http", "h11"),
)
BARE = Script(
    "bare",
    "nothing around it",
    "the same way to the model as this template's, and nothing of what surrounds it: no limit, deadline, "
    "check, log, metrics or stop; what could be won at all",
    "/predict",
    ("--no-access-log",),
    "bare",
)
STACKS: tuple[Stack, ...] = (TEMPLATE, TUTORIAL, THREADS, INSTALLED, BARE)


def make_row(model: str) -> list[float]:
    """Return the inputs of one row, numbers of four digits."""
    numbers = random.Random(0)  # noqa: S311 - the same on every run
    return [round(numbers.random(), 4) for _ in range(int(MODELS[model].split("-")[0]))]
