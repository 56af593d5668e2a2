"""Formatters and linters have nothing to say about what is rendered."""

import os
import subprocess
from pathlib import Path

import pytest
from render.conftest import Files, Trees
from render.renderer import write


@pytest.fixture(scope="module")
def projects(trees: Trees, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Few projects that hold, for each Python, every different Python file that there is."""
    chosen, seen = [], set()
    for answers, tree in trees:
        python = {(answers["python_version"], *file) for file in tree.items() if file[0].endswith(".py")}
        if not python <= seen:
            seen |= python
            chosen.append(write(tree, tmp_path_factory.mktemp("project")))
    return chosen


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff_is_content_with_every_project(projects: list[Path], command: list[str]) -> None:
    result = subprocess.run(["ruff", *command, "--no-cache", *projects], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@pytest.mark.skipif(os.name == "nt", reason="hadolint has no wheel for Windows")
def test_hadolint_is_content_with_every_dockerfile(files: Files, tmp_path: Path) -> None:
    dockerfiles = [content for path, content in files if path.endswith("Dockerfile")]
    paths = [tmp_path / f"{number}.Dockerfile" for number in range(len(dockerfiles))]
    for path, content in zip(paths, dockerfiles, strict=True):
        path.write_bytes(content)
    result = subprocess.run(["hadolint", "--no-color", *paths], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
