"""Formatters and linters have nothing to say about what is rendered."""

import subprocess

import pytest
from answers import SUPPORTED
from render.conftest import Render


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff_is_content_with_every_project(rendered: Render, command: list[str]) -> None:
    projects = [rendered(answers) for answers in SUPPORTED]
    result = subprocess.run(["ruff", *command, "--no-cache", *projects], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_hadolint_is_content_with_every_dockerfile(rendered: Render) -> None:
    dockerfiles = [rendered(answers) / "Dockerfile" for answers in SUPPORTED]
    result = subprocess.run(["hadolint", "--no-color", *dockerfiles], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
