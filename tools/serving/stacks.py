"""What `make bench-serving` compares: the cases, and for each the stacks that answer the same requests."""

import hashlib
import json
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import make_request
from project import TEMPLATE, run

HERE = Path(__file__).parent
LAYERS = "512-2048-2048-512"
LIVE = make_request("GET", "/health/live", connection="close")
SERVICE, TUTORIAL, BEFORE = "service", "tutorial", "before"
TITLES = {SERVICE: "this template", TUTORIAL: "tutorial", BEFORE: "template before"}


@dataclass(frozen=True)
class Case:
    """One model, asked over one API."""

    model: str
    api: str

    @property
    def name(self) -> str:
        """Return what the command line and the figures call it."""
        return f"{self.api}-{self.model}"

    @property
    def title(self) -> str:
        """Return what people call it."""
        return f"{'/predict' if self.api == 'predict' else '/v2'}, {self.model}"


CASES = tuple(Case(model, api) for api in ("predict", "open-inference") for model in ("digits", "network"))
PREDICT_DIGITS, PREDICT_NETWORK, *_ = CASES


@dataclass(frozen=True)
class Stack:
    """One way to serve a model: how it is started and what it is asked."""

    name: str
    command: list[str]
    environment: dict[str, str]
    path: str
    body: bytes


@dataclass(frozen=True)
class Installed:
    """A rendered project with its environment: as it is, and rewritten for the network."""

    python: Path
    projects: dict[str, Path]

    def stack(self, name: str, case: Case, port: int) -> Stack:
        """Return the service with its default settings."""
        project = self.projects[case.model]
        environment = {
            "PYTHONPATH": str(project / "src"),
            "MODEL_REPOSITORY": str(project / "models"),
            "HOST": "127.0.0.1",
            "PORT": str(port),
        }
        path = "/predict" if case.api == "predict" else f"/v2/models/{case.model}/infer"
        return Stack(name, [str(self.python), "-m", "service"], environment, path, body(case))

    def tutorial(self, case: Case, port: int) -> Stack:
        """Return the tutorial, in the same environment and with the same model."""
        (file,) = (self.projects[case.model] / "models").rglob("model.onnx")
        command = [str(self.python), "-m", "uvicorn", "tutorial:app", "--app-dir", str(HERE)]
        asked = body(Case(case.model, "predict"))
        return Stack(
            TUTORIAL,
            [*command, "--port", str(port)],
            {"MODEL_FILE": str(file)},
            f"/predict/{case.model}",
            asked,
        )


def install(directory: Path, network: Path, template: Path = TEMPLATE, **answers: str) -> Installed:
    """Render a project, install it, and copy it to where its predictor is the network's."""
    directory.mkdir()
    # In a process of its own: two templates have two modules of the same name.
    command = [sys.executable, "-m", "cookiecutter", str(template), "--no-input", "--default-config"]
    given = [f"{option}={choice}" for option, choice in answers.items()]
    run([*command, "--accept-hooks=yes", "--output-dir=.", "project_slug=bench-serving", *given], directory)
    project = directory / "bench-serving"
    run(["uv", "sync", "--quiet", "--locked", "--no-dev"], project, VIRTUAL_ENV="")
    copy = directory / "network"
    shutil.copytree(project / "src", copy / "src")
    shutil.copy(project / "pyproject.toml", copy)
    shutil.copy(HERE / "network_predictor.py", copy / "src" / "service" / "predictor.py")
    version = copy / "models" / "network" / "1"
    version.mkdir(parents=True)
    shutil.copy(network, version / "model.onnx")
    checksum = hashlib.sha256(network.read_bytes()).hexdigest()
    (version / "SHA256SUMS").write_text(f"{checksum}  model.onnx\n", encoding="utf-8")
    return Installed(project / ".venv" / "bin" / "python", {"digits": project, "network": copy})


def make_network(directory: Path) -> Path:
    """Make the network with random weights, the same on every run."""
    script = str(HERE / "make_models.py")
    run(["uv", "run", "--quiet", "--script", script, str(directory), f"network={LAYERS}"], directory)
    return directory / "network.onnx"


def body(case: Case) -> bytes:
    """Return a request for one row, as compact JSON."""
    if case.model == "digits":
        kind = "infer" if case.api == "open-inference" else "predict"
        example = TEMPLATE / "templates" / "sample" / "digits" / f"{kind}.json"
        asked = json.loads(example.read_text(encoding="utf-8"))
    else:
        numbers = random.Random(0)  # noqa: S311 - the same on every run
        row = [round(numbers.random(), 4) for _ in range(int(LAYERS.split("-")[0]))]
        tensor = {"name": "x", "shape": [1, len(row)], "datatype": "FP32", "data": row}
        asked = {"inputs": row if case.api == "predict" else [tensor]}
    return json.dumps(asked, separators=(",", ":")).encode()


def strongest(answer: dict[str, Any]) -> float:
    """Return the largest number that the model answered, whatever the API is."""
    if "confidence" in answer:
        return float(answer["confidence"])
    outputs = answer["outputs"]
    if isinstance(outputs[0], dict):
        outputs = next(each["data"] for each in outputs if each["datatype"] == "FP32")
    return float(max(outputs))
