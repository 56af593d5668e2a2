"""The service answers as its own documentation says: schemathesis asks all of it, rightly and wrongly."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from answers import SAMPLES, Answers, is_supported
from project import Project, run

SCHEMATHESIS = Path(sys.executable).with_name("st")
KEY = "a-key-that-only-this-test-knows"
BOTH_APIS = [
    both for answers in SAMPLES.values() if is_supported(both := answers | {"api": "open-inference"})
]
CONFIGURATION = """
[parameters]
"path.model" = "{model}"

# What these take, no schema can say.
[[operations]]
include-path-regex = "/(infer|embeddings)$"
checks.positive_data_acceptance.enabled = false
"""


@contextmanager
def serving(project: Path, log: Path, **settings: str) -> Iterator[Project]:
    """Run the service of a project here, on the loopback interface."""
    run(["uv", "sync", "--quiet"], project, VIRTUAL_ENV="")
    served = Project(project)
    environment = {"PYTHONPATH": "src", "HOST": "127.0.0.1", "PORT": str(served.port)}
    environment |= {"MODEL_REPOSITORY": "models", **settings}
    command = [project / ".venv" / "bin" / "python", "-m", "service"]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(command, cwd=project, env=environment, stderr=stderr) as process,
    ):
        try:
            served.wait_ready()
            yield served
        finally:
            process.terminate()


@pytest.mark.parametrize("answers", BOTH_APIS)
def test_every_answer_is_as_the_documentation_says(project: Path, answers: Answers, tmp_path: Path) -> None:
    key, log = tmp_path / "key", tmp_path / "log"
    key.write_text(KEY, encoding="utf-8")
    with serving(project, log, API_KEY_FILE=str(key)) as served:
        model = served.get("/health/ready")[1]["model"].rpartition("/")[0]
        configuration = tmp_path / "schemathesis.toml"
        configuration.write_text(CONFIGURATION.format(model=model), encoding="utf-8")
        command = [str(SCHEMATHESIS), "--config-file", str(configuration), "run", "--seed=1", "--no-color"]
        command += ["--phases=examples,coverage,fuzzing", "--max-examples=60"]
        command += [f"--header=Authorization: Bearer {KEY}", f"http://127.0.0.1:{served.port}/openapi.json"]
        output = run(command, tmp_path)
        assert served.is_ready()
    assert re.search(r"Operations: +(1[0-4]) selected / \1 total", output), output
    assert "Traceback" not in log.read_text(encoding="utf-8")
