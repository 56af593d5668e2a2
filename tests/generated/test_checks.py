"""The generated project's own checks, run as its owner runs them."""

from pathlib import Path

import pytest
from answers import ONE_EACH
from project import run


@pytest.mark.parametrize("answers", ONE_EACH)
def test_make_check_passes_in_a_new_project(project: Path) -> None:
    output = run(["make", "check"], project, VIRTUAL_ENV="")
    assert " passed" in output
