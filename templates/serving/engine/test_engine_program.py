"""The engine without a container: how the service uses it, and what it says when it cannot start."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from process import ROOT, SERVICE, find_port, run, running

from service.assistant import PredictResponse

ENGINE = [sys.executable, str(ROOT / "tools" / "engine.py")]
SAMPLE = "{{ cookiecutter.__model_file }}"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the engine is a container on this system")


def test_the_service_answers_with_the_sample_model_of_the_engine() -> None:
    pytest.importorskip("xllamacpp", exc_type=ImportError)
    if not (ROOT / "models" / SAMPLE).exists():
        pytest.skip("the sample model is not there")
    port = str(find_port())
    settings = {"ENGINE_URL": f"http://127.0.0.1:{port}", "MODEL_FILE": SAMPLE, "MODEL_NAME": "sample"}
    with running([*ENGINE, str(ROOT / "models")], "/health", PORT=port, **settings) as engine:
        with running(SERVICE, DRAIN_SECONDS="0", **settings) as service:
            example = (ROOT / "examples" / "predict.json").read_text(encoding="utf-8")
            status, answer = service.ask("/predict", example)
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
def test_startup_errors_are_one_sentence(
    tmp_path: Path, variables: dict[str, str], module: str, sentence: str
) -> None:
    (tmp_path / "model.gguf").touch()
    (tmp_path / "xllamacpp.py").write_text(module)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"ENGINE_URL": f"http://127.0.0.1:{taken.getsockname()[1]}", "MODEL_FILE": "model.gguf"}
        settings["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(tmp_path)])
        result = run([*ENGINE, str(tmp_path)], **settings | variables)
    (line,) = result.stderr.splitlines()
    assert sentence in line
    assert result.returncode == 1
