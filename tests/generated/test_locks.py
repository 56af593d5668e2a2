"""Locks: made by the hook, the same on every day, and of wheels alone for every platform on offer."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from answers import CHOICES, DEFAULTS, FACTS, ONE_EACH, Answers
from locks import find_distributions
from project import CommandFailedError, contents, render, run

PLATFORMS = {"glibc": "manylinux_2_28", "musl": "unknown-linux-musl"}


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_the_hook_makes_a_lock_that_agrees_with_pyproject(project: Path) -> None:
    lock = (project / "uv.lock").read_bytes()
    run(["uv", "lock", "--check"], project)
    (project / "uv.lock").unlink()
    run(["uv", "lock"], project)
    assert (project / "uv.lock").read_bytes() == lock


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_the_lock_holds_nothing_newer_than_its_date(project: Path) -> None:
    lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    assert lock["options"]["exclude-newer"] == FACTS["_exclude_newer"]
    times = [wheel["upload-time"] for package in lock["package"] for wheel in package.get("wheels", [])]
    assert times
    assert max(times) <= FACTS["_exclude_newer"]


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_the_lock_is_all_that_the_hooks_add(project: Path, answers: Answers, tmp_path: Path) -> None:
    added = contents(project)
    added.pop("uv.lock")
    assert added == contents(render(answers, tmp_path / "without", hooks=False))


@pytest.mark.parametrize("answers", ONE_EACH)
def test_a_dependency_can_be_added_to_a_new_project(project: Path) -> None:
    run(["uv", "add", "--no-sync", "rich"], project, VIRTUAL_ENV="")
    run(["make", "lock"], project)
    assert 'name = "rich"' in (project / "uv.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a project with this model runtime, to be resolved for any platform."""

    @cache
    def render_once(runtime: str) -> Path:
        return render({"model_runtime": runtime}, tmp_path_factory.mktemp(runtime), hooks=False)

    return render_once


@pytest.mark.parametrize("version", CHOICES["python_version"])
@pytest.mark.parametrize("architecture", FACTS["_architectures"])
@pytest.mark.parametrize("libc", PLATFORMS)
@pytest.mark.parametrize("runtime", CHOICES["model_runtime"])
def test_there_are_wheels_for_exactly_what_the_table_says(
    directory: Callable[[str], Path], runtime: str, libc: str, architecture: str, version: str
) -> None:
    command = ["uv", "pip", "compile", "--quiet", "--no-python-downloads", "--only-binary", ":all:"]
    command += ["--python-version", version]
    command += ["--python-platform", f"{architecture}-{PLATFORMS[libc]}", "pyproject.toml"]
    if architecture in FACTS["_model_runtimes"][runtime]["wheels"][libc]:
        assert f"\n{runtime}==" in run(command, directory(runtime))
    else:
        with pytest.raises(CommandFailedError, match=f"{runtime}.* has no"):
            run(command, directory(runtime))


def test_no_project_may_bear_the_name_of_what_it_is_made_of() -> None:
    assert sorted(find_distributions()) == FACTS["_distributions"], "run `make locks`"
