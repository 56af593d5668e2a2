"""The generated project's own checks, run as its owner runs them."""

import os
from pathlib import Path

import pytest
from answers import Answers, cover
from project import poetry_settings, run


@pytest.mark.parametrize("answers", cover())
def test_make_check_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    # pip and Poetry look for Python on the PATH, and uv in more places.
    python = Path(run(["uv", "python", "find", answers["python_version"]], project).strip())
    path = f"{os.environ['PATH']}:{python.parent}"
    # Byte code makes the services that the tests start several times as fast.
    settings = {"VIRTUAL_ENV": "", "PATH": path, "PYTHONDONTWRITEBYTECODE": "", **poetry_settings()}
    output = run(["make", "check"], project, **settings)
    assert " passed" in output
