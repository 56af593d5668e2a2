"""No request over the Open Inference Protocol breaks the service: each gets an answer or one sentence."""

import json
from pathlib import Path

import pytest
from answers import DEFAULTS, Answers
from project import run

SCRIPT = Path(__file__).with_name("malformed.py")
ANSWERS = DEFAULTS | {"api": "open-inference"}


@pytest.mark.parametrize("answers", [ANSWERS])
@pytest.mark.parametrize(
    ("count", "seed"),
    [(3_000, 1), *(pytest.param(20_000, seed, marks=pytest.mark.stress) for seed in range(2, 6))],
)
def test_malformed_requests_are_answered_or_refused(
    project: Path, answers: Answers, count: int, seed: int
) -> None:
    run(["uv", "sync", "--quiet"], project, VIRTUAL_ENV="")
    python = str(project / ".venv" / "bin" / "python")
    printed = run([python, str(SCRIPT), str(count), str(seed)], project, PYTHONPATH="src")
    statuses = json.loads(printed.splitlines()[-1])
    # Wrong enough to try something, and right enough to get somewhere.
    assert statuses["200"] + statuses["400"] == count
    assert statuses["400"] > count / 4
    assert statuses["200"] > count / 20
