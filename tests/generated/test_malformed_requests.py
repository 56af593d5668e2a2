"""No request breaks the service, of tensors or as a chat: each gets an answer or one sentence."""

import json
from pathlib import Path

import pytest
from answers import DEFAULTS, Answers, nearest
from project import run

HERE = Path(__file__).parent


def ask(project: Path, script: str, count: int, seed: int) -> dict[str, int]:
    """Ask so many wrong requests; return how many got which status."""
    run(["uv", "sync", "--quiet"], project, VIRTUAL_ENV="")
    command = [str(project / ".venv" / "bin" / "python"), str(HERE / script), str(count), str(seed)]
    return json.loads(run(command, project, PYTHONPATH="src").splitlines()[-1])


@pytest.mark.parametrize("answers", [DEFAULTS | {"api": "open-inference"}])
@pytest.mark.parametrize(
    ("count", "seed"),
    [(3_000, 1), *(pytest.param(20_000, seed, marks=pytest.mark.stress) for seed in range(2, 6))],
)
def test_malformed_requests_are_answered_or_refused(
    project: Path, answers: Answers, count: int, seed: int
) -> None:
    statuses = ask(project, "malformed.py", count, seed)
    # Wrong enough to try something, and right enough to get somewhere.
    assert statuses["200"] + statuses["400"] == count
    assert statuses["400"] > count / 4
    assert statuses["200"] > count / 20


@pytest.mark.parametrize("answers", [nearest("model_runtime", "llama-cpp")])
@pytest.mark.parametrize(("count", "seed"), [(1_000, 1), pytest.param(10_000, 2, marks=pytest.mark.stress)])
def test_malformed_chats_are_answered_or_refused(
    project: Path, answers: Answers, count: int, seed: int
) -> None:
    statuses = ask(project, "malformed_chat.py", count, seed)
    assert sum(statuses.values()) == count
    assert statuses["400"] > count / 4
    assert statuses["200"] > count / 20
