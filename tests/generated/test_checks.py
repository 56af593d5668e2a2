"""The generated project's own checks, run as its owner runs them."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from answers import CHOICES, SAMPLES, Answers, cover, name, nearest
from generated.conftest import has_python
from project import make, render, run

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


@pytest.mark.parametrize("answers", [nearest("model_layout", layout) for layout in CHOICES["model_layout"]])
def test_the_tests_of_a_project_pass_when_another_version_is_on_its_volume(
    project: Path, tmp_path: Path
) -> None:
    (sums,) = (project / "models").rglob("SHA256SUMS")
    another = tmp_path / "another"
    shutil.copytree(sums.parent, another)
    (another / "another.txt").touch()
    assert "serves" in run(["make", "add-model", f"FILE={another}"], project, VIRTUAL_ENV="")
    tests = ["tests/volume", "tests/routes", "tests/test_models.py", "tests/test_predictor.py"]
    assert " passed" in run(["uv", "run", "pytest", *tests], project, VIRTUAL_ENV="")


@pytest.mark.stress
@pytest.mark.parametrize("answers", SAMPLES.values())
def test_make_stress_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    assert " passed" in make("stress", project, answers["python_version"])
