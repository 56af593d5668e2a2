"""The generated project's own checks, run as its owner runs them."""

import os
from pathlib import Path

import pytest
from answers import ONE_EACH, Answers
from project import poetry_settings, run


@pytest.mark.parametrize("answers", ONE_EACH)
def test_make_check_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    # pip and Poetry look for Python on the PATH, and uv in more places.
    python = Path(run(["uv", "python", "find", answers["python_version"]], project).strip())
    path = f"{os.environ['PATH']}:{python.parent}"
    output = run(["make", "check"], project, VIRTUAL_ENV="", PATH=path, **poetry_settings())
    assert " passed" in output
