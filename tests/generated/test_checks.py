"""The generated project's own checks, run as its owner runs them."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from answers import SAMPLES, Answers, cover, name
from generated.conftest import has_python
from project import make, render

Checks = dict[str, Future[str]]


@pytest.fixture(scope="module")
def checks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checks]:
    """Run `make check` of all selected projects, a few at a time: their tests wait more than they compute."""

    selected = [
        item.callspec.params["answers"]
        for item in request.session.items
        if item.originalname == test_make_check_passes_in_a_new_project.__name__
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            # Rendered here: cookiecutter changes the directory of the whole process.
            name(answers): pool.submit(
                make,
                "check",
                render(answers, tmp_path_factory.mktemp("check")),
                answers["python_version"],
            )
            for answers in selected
            if has_python(answers["python_version"])
        }


@pytest.mark.parametrize("answers", cover())
def test_make_check_passes_in_a_new_project(checks: Checks, answers: Answers) -> None:
    if name(answers) not in checks:
        pytest.skip(f"there is no Python {answers['python_version']} on this machine")
    assert " passed" in checks[name(answers)].result()


@pytest.mark.stress
@pytest.mark.parametrize("answers", SAMPLES.values())
def test_make_stress_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    assert " passed" in make("stress", project, answers["python_version"])
