"""Projects rendered as a user renders them: with hooks, so with a lock."""

import subprocess
from pathlib import Path

import pytest
from answers import Answers
from project import render


def has_python(version: str) -> bool:
    """Whether uv finds, or can download, this Python."""
    return subprocess.run(["uv", "python", "find", version], capture_output=True).returncode == 0


@pytest.fixture
def project(tmp_path: Path, answers: Answers) -> Path:
    """A project with its lock."""
    if not has_python(answers["python_version"]):
        pytest.skip(f"there is no Python {answers['python_version']} on this machine")
    return render(answers, tmp_path)
