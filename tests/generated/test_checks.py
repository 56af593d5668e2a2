"""The generated project's own checks, run as its owner runs them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answers import CHOICES, SAMPLES, Answers, cover, nearest
from generated.conftest import has_python
from project import make, render, run
from side_by_side import Results, side_by_side


@pytest.fixture(scope="module")
def checks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """Run `make check` of all selected projects."""

    def begin(answers: Answers) -> Callable[[], str]:
        if not has_python(answers["python_version"]):
            return lambda: pytest.skip(f"there is no Python {answers['python_version']} on this machine")
        project = render(answers, tmp_path_factory.mktemp("check"))
        return lambda: make("check", project, answers["python_version"])

    with side_by_side(request.session, test_make_check_passes_in_a_new_project, begin) as results:
        yield results


@pytest.mark.parametrize("answers", cover())
def test_make_check_passes_in_a_new_project(checks: Results, answers: Answers) -> None:
    assert " passed" in checks(answers).result()


def run_tests_with_another_version(project: Path) -> str:
    """Add a version to a project's volume, and return what its tests of models print."""
    (sums,) = (project / "models").rglob("SHA256SUMS")
    another = project.parent / "another"
    shutil.copytree(sums.parent, another)
    (another / "another.txt").touch()
    run(["make", "add-model", f"FILE={another}"], project, VIRTUAL_ENV="")
    tests = ["tests/volume", "tests/routes", "tests/test_models.py", "tests/test_predictor.py"]
    return run(["uv", "run", "pytest", *tests], project, VIRTUAL_ENV="")


@pytest.fixture(scope="module")
def tests_with_another_version(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Results]:
    """Run the tests of all selected projects."""

    def begin(answers: Answers) -> Callable[[], str]:
        project = render(answers, tmp_path_factory.mktemp("another"))
        return lambda: run_tests_with_another_version(project)

    test = test_the_tests_of_a_project_pass_when_another_version_is_on_its_volume
    with side_by_side(request.session, test, begin) as results:
        yield results


@pytest.mark.parametrize("answers", [nearest("model_layout", layout) for layout in CHOICES["model_layout"]])
def test_the_tests_of_a_project_pass_when_another_version_is_on_its_volume(
    tests_with_another_version: Results, answers: Answers
) -> None:
    assert " passed" in tests_with_another_version(answers).result()


@pytest.mark.stress
@pytest.mark.parametrize("answers", SAMPLES.values())
def test_make_stress_passes_in_a_new_project(project: Path, answers: Answers) -> None:
    assert " passed" in make("stress", project, answers["python_version"])
