"""The generated project's own checks, run as its owner runs them."""

import os
from pathlib import Path

import pytest
from answers import SAMPLES, Answers, cover
from project import poetry_settings, run


def make(target: str, project: Path, answers: Answers) -> str:
    """Make a target and return what is printed."""
    # pip and Poetry look for Python on the PATH, and uv in more places.
    python = Path(run(["uv", "python", "find", answers["python_version"]], project).strip())
    path = f"{os.environ['PATH']}:{python.parent}"
    # Byte code makes the services that the tests start several times as fast.
    settings = {"VIRTUAL_ENV": "", "PATH": path, "PYTHONDONTWRITEBYTECODE": "", **poetry_settings()}
    return run(["make", target], project, **settings)


@pytest.mark.parametrize("answers", cover())
def test_make_check_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    assert " passed" in make("check", project, answers)


@pytest.mark.stress
@pytest.mark.parametrize("answers", SAMPLES.values())
def test_make_stress_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    assert " passed" in make("stress", project, answers)
