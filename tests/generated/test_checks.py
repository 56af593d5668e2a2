"""The generated project's own checks, run as its owner runs them, or all in one environment."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, Answers, cover, most, nearest
from generated.conftest import has_python
from project import make, render, run
from render.renderer import render_in_memory, write
from side_by_side import Results, side_by_side

PYTHONS = [version for version in CHOICES["python_version"] if has_python(version)]
# What is in a project for its image alone, these checks do not run: tests/container does.
LIMITS = {option: [DEFAULTS[option]] for option in ("base_image", "model_volume", "deployment")}
LIMITS["python_version"] = PYTHONS[:1]
EACH = [
    cell | {"python_version": version}
    for cell, version in zip(cover(1, **LIMITS), itertools.cycle(PYTHONS), strict=False)
]
# `all` has what `dashboard` and `tracing` have.
PAIRS = [cell for cell in cover(2, **LIMITS, observability=["metrics", "all"]) if cell not in EACH]
# They start the service a dozen times, and how it starts and stops depends on no pair of answers.
PROCESS_TESTS = tuple(
    f"tests/test_{name}.py" for name in ("process", "shutdown", "tracing", "engine_program")
)


@dataclass(frozen=True)
class Environment:
    """An environment with what any project needs, and what mypy has found out about that."""

    directory: Path

    def run(self, project: Path, *command: str) -> str:
        return run([str(self.directory / "bin" / command[0]), *command[1:]], project, PYTHONPATH="src")

    def test(self, project: Path) -> str:
        return self.run(project, "pytest", *(f"--ignore={name}" for name in PROCESS_TESTS))

    def check(self, project: Path) -> str:
        shutil.copytree(self.directory / "mypy_cache", project / ".mypy_cache")
        self.run(project, "ruff", "check", ".")
        self.run(project, "ruff", "format", "--check", ".")
        self.run(project, "mypy")
        return self.test(project)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    directory = tmp_path_factory.mktemp("environment")
    run(["uv", "venv", "--quiet", "--clear", "--python", PYTHONS[0], str(directory)], directory)
    projects = [
        write(render_in_memory(most(runtime) | {"package_manager": "pip"}), directory / runtime)
        for runtime in CHOICES["model_runtime"]
    ]
    files = [f"--requirements={project / 'requirements-dev.txt'}" for project in projects]
    run(["uv", "pip", "install", "--quiet", *files], directory, VIRTUAL_ENV=str(directory))
    found = Environment(directory)
    found.run(projects[0], "mypy", f"--cache-dir={directory / 'mypy_cache'}")
    return found


@pytest.fixture(scope="module")
def checks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """Run `make check` of all selected projects."""

    def begin(answers: Answers) -> Callable[[], str]:
        project = render(answers, tmp_path_factory.mktemp("check"))
        return lambda: make("check", project, answers["python_version"])

    with side_by_side(request.session, test_make_check_passes_in_a_new_project, begin) as results:
        yield results


@pytest.mark.parametrize("answers", EACH)
def test_make_check_passes_in_a_new_project(checks: Results, answers: Answers) -> None:
    assert " passed" in checks(answers).result()


@pytest.fixture(scope="module")
def pairs(
    request: pytest.FixtureRequest, environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Results]:
    """Check all selected projects."""

    def begin(answers: Answers) -> Callable[[], str]:
        project = write(render_in_memory(answers), tmp_path_factory.mktemp("pair"))
        return lambda: environment.check(project)

    with side_by_side(request.session, test_the_checks_pass_for_each_pair_of_answers, begin) as results:
        yield results


@pytest.mark.parametrize("answers", PAIRS)
def test_the_checks_pass_for_each_pair_of_answers(pairs: Results, answers: Answers) -> None:
    assert " passed" in pairs(answers).result()


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
    environment: Environment, tmp_path: Path, layout: str, change: Callable[[Path], None]
) -> None:
    project = write(render_in_memory(nearest("model_layout", layout)), tmp_path)
    change(project)
    assert " passed" in environment.test(project)


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_each_file_is_compiled_once_even_where_the_environment_wants_no_byte_code(
    project: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", PROCESS_TESTS[0])
    assert " passed" in make("test", project, answers["python_version"])
    assert list(project.glob("src/service/__pycache__/app.*.pyc"))
    assert list(project.glob(".venv/lib/python*/site-packages/fastapi/__pycache__/applications.*.pyc"))
