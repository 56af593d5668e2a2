"""The generated project's own checks, run as its owner runs them."""

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, Answers, cover, nearest
from generated.conftest import has_python
from project import make, render
from side_by_side import Results, side_by_side

PYTHONS = [version for version in CHOICES["python_version"] if has_python(version)]
# What is in a project for its image alone, these checks do not run: tests/container does.
PAIRS = cover(base_image="slim", model_volume="bind", python_version=PYTHONS[0])
CELLS = [
    cell | {"python_version": version} for cell, version in zip(PAIRS, itertools.cycle(PYTHONS), strict=False)
]


@pytest.fixture(scope="module")
def checks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """Run `make check` of all selected projects."""

    def begin(answers: Answers) -> Callable[[], str]:
        project = render(answers, tmp_path_factory.mktemp("check"))
        return lambda: make("check", project, answers["python_version"])

    with side_by_side(request.session, test_make_check_passes_in_a_new_project, begin) as results:
        yield results


@pytest.mark.parametrize("answers", CELLS)
def test_make_check_passes_in_a_new_project(checks: Results, answers: Answers) -> None:
    assert " passed" in checks(answers).result()


def add_another_version(project: Path) -> None:
    """Leave a large model that is none on the volume, beside the sample."""
    (sums,) = (project / "models").rglob("SHA256SUMS")
    if sums.parent != project / "models":
        shutil.copytree(sums.parent, sums.parent.with_name("2"))
    sums.unlink()
    for model in (project / "models").rglob("model.onnx"):
        model.write_bytes(b"a model of the team" * 500_000)


def take_the_models_away(project: Path) -> None:
    shutil.rmtree(project / "models")


@pytest.mark.parametrize(
    ("layout", "change"),
    [
        ("versioned", add_another_version),
        ("versioned", take_the_models_away),
        ("flat", take_the_models_away),
        ("huggingface", add_another_version),
    ],
)
def test_the_tests_of_a_project_do_not_depend_on_its_models(
    tmp_path: Path, layout: str, change: Callable[[Path], None]
) -> None:
    answers = nearest("model_layout", layout)
    project = render(answers, tmp_path)
    change(project)
    assert " passed" in make("test", project, answers["python_version"])


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_an_environment_without_byte_code_makes_the_tests_no_slower(
    project: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def test() -> float:
        began = time.monotonic()
        assert " passed" in make("test", project, answers["python_version"])
        return time.monotonic() - began

    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    usual = test()
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert test() < 1.5 * usual + 5
