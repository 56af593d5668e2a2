"""The engine without a container: how the service asks it, and what it says when it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from test_process import find_port
from test_shutdown import Service

from service.assistant import PredictResponse

ROOT = Path(__file__).parents[1]
ENGINE = [sys.executable, str(ROOT / "tools" / "engine.py")]
SAMPLE = "{{ cookiecutter.__model_file }}"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HOST": "127.0.0.1"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the engine is a container on this system")


@contextmanager
def running(command: list[str], port: int, path: str, **variables: str) -> Iterator[Service]:
    process = subprocess.Popen(command, env=ENVIRONMENT | variables)
    server = Service(process, port, "127.0.0.1")
    try:
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError):
                if server.ask("GET", path)[0] == 200:
                    break
            time.sleep(0.02)
        yield server
    finally:
        process.kill()
        process.wait()


def test_the_service_answers_with_the_sample_model_of_the_engine() -> None:
    pytest.importorskip("xllamacpp", exc_type=ImportError)
    if not (ROOT / "models" / SAMPLE).exists():
        pytest.skip("the sample model is not there")
    port, engine_port = find_port(), find_port()
    variables = {"ENGINE_URL": f"http://127.0.0.1:{engine_port}", "PORT": str(port), "DRAIN_SECONDS": "0"}
    variables |= {"MODEL_FILE": SAMPLE, "MODEL_NAME": "sample"}
    with running([*ENGINE, str(ROOT / "models")], engine_port, "/health", **variables) as engine:
        with running([sys.executable, "-m", "service"], port, "/health/ready", **variables) as service:
            example = (ROOT / "examples" / "predict.json").read_text(encoding="utf-8")
            status, answer = service.ask("POST", "/predict", example)
            assert (status, service.stop()) == (200, 0), answer
        assert PredictResponse.model_validate_json(answer)
        engine.process.send_signal(signal.SIGINT)
        assert engine.process.wait(15) == 0


@pytest.mark.parametrize(
    ("variables", "module", "sentence"),
    [
        ({"MODEL_FILE": "nowhere.gguf"}, "", "there is no file "),
        ({"ENGINE_CONTEXT": "many"}, "", "ENGINE_CONTEXT is 'many' but must be a valid integer"),
        ({}, "raise ImportError('libgomp.so.1 is missing')", "cannot be loaded (libgomp.so.1 is missing): "),
        ({}, "", "of ENGINE_URL: Address already in use"),
    ],
)
def test_what_cannot_work_ends_in_one_sentence(
    tmp_path: Path, variables: dict[str, str], module: str, sentence: str
) -> None:
    (tmp_path / "model.gguf").touch()
    (tmp_path / "xllamacpp.py").write_text(module)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"ENGINE_URL": f"http://127.0.0.1:{taken.getsockname()[1]}", "MODEL_FILE": "model.gguf"}
        settings["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(tmp_path)])
        command, environment = [*ENGINE, str(tmp_path)], ENVIRONMENT | settings | variables
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    (line,) = result.stderr.splitlines()
    assert sentence in line
    assert result.returncode == 1
