"""The service answers as its own documentation says: schemathesis asks all of it, rightly and wrongly."""

import re
import sys
from pathlib import Path

import pytest
from answers import SAMPLES, Answers, is_supported
from generated.conftest import serving
from project import run
from stress import first_always

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


@pytest.mark.parametrize("answers", first_always(BOTH_APIS))
def test_every_answer_is_as_the_documentation_says(project: Path, answers: Answers, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY, encoding="utf-8")
    with serving(project, API_KEY_FILE=str(key)) as served:
        model = served.get("/health/ready")[1]["model"].rpartition("/")[0]
        configuration = tmp_path / "schemathesis.toml"
        configuration.write_text(CONFIGURATION.format(model=model), encoding="utf-8")
        command = [str(SCHEMATHESIS), "--config-file", str(configuration), "run", "--seed=1", "--no-color"]
        command += ["--phases=examples,coverage,fuzzing", "--max-examples=60"]
        command += [f"--header=Authorization: Bearer {KEY}", f"http://127.0.0.1:{served.port}/openapi.json"]
        output = run(command, tmp_path)
        assert served.is_ready()
    assert re.search(r"Operations: +(1[0-4]) selected / \1 total", output), output
