"""Whoever installs, the same is installed, and nothing of who installed it."""

import re
import shutil
from pathlib import Path

import pytest
from answers import CHOICES, FACTS, Answers, nearest
from container.conftest import Build, list_files
from project import CommandFailedError, Project

MANAGERS = CHOICES["package_manager"]
CELLS = [nearest("base_image", base) for base in ("slim", "alpine")]
OTHERS = [nearest("package_manager", manager) for manager in MANAGERS[1:]]


def list_distributions(files: set[str]) -> set[str]:
    """Return names and versions of what is installed in the virtual environment."""
    found = (re.fullmatch(r"opt/venv/.*/site-packages/([^/]+)\.dist-info", path) for path in files)
    return {match[1].lower() for match in found if match}


@pytest.mark.parametrize("answers", CELLS)
def test_every_package_manager_installs_the_same(build: Build, answers: Answers) -> None:
    files = {manager: list_files(build(answers | {"package_manager": manager}).image) for manager in MANAGERS}
    installed = {manager: list_distributions(files[manager]) for manager in MANAGERS}
    assert len(installed["uv"]) > 10
    assert installed["pip"] == installed["uv"]
    assert installed["poetry"] == installed["uv"]
    for manager in MANAGERS:
        added = {path for path in files[manager] if not path.startswith(("usr/local/", "usr/lib/"))}
        names = {part.partition("-")[0] for path in added for part in path.split("/")}
        assert not names & {"uv", "uvx", "pip", "poetry", "poetry.lock", "requirements.txt", ".cache"}


@pytest.mark.parametrize("answers", OTHERS)
def test_it_serves(project: Project) -> None:
    with project.running("--wait"):
        assert project.predict()["digit"] == 7


@pytest.mark.parametrize("answers", OTHERS)
def test_a_build_without_a_lock_says_how_to_make_it(
    project: Project, answers: Answers, tmp_path: Path
) -> None:
    lock = FACTS["_package_managers"][answers["package_manager"]]["lock_file"]
    copy = Project(Path(shutil.copytree(project.path, tmp_path / project.image)))
    (copy.path / lock).unlink()
    sentence = rf"{re.escape(lock)} is missing: run `make lock`, then build again"
    with pytest.raises(CommandFailedError, match=sentence):
        copy.compose("build")


@pytest.mark.parametrize("answers", OTHERS)
def test_a_wheel_with_another_hash_is_refused(project: Project, answers: Answers, tmp_path: Path) -> None:
    lock = FACTS["_package_managers"][answers["package_manager"]]["lock_file"]
    copy = Project(Path(shutil.copytree(project.path, tmp_path / project.image)))
    text = (copy.path / lock).read_text(encoding="utf-8")
    spoilt = re.sub(r"sha256:[0-9a-f]{4}", "sha256:0000", text)
    (copy.path / lock).write_text(spoilt, encoding="utf-8")
    with pytest.raises(CommandFailedError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        copy.compose("build")


@pytest.mark.parametrize("answers", [nearest("package_manager", "poetry")])
def test_a_lock_that_does_not_fit_is_refused(project: Project, tmp_path: Path) -> None:
    copy = Project(Path(shutil.copytree(project.path, tmp_path / project.image)))
    pyproject = copy.path / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(
        text.replace("\ndependencies = [", '\ndependencies = [\n  "orjson",'), encoding="utf-8"
    )
    with pytest.raises(CommandFailedError, match=r"pyproject\.toml changed significantly"):
        copy.compose("build")
