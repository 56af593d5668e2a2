"""Projects rendered as a user renders them: with hooks, so with a lock."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from answers import Answers
from project import Project, render, run


@cache
def has_python(version: str) -> bool:
    """Whether uv finds this Python on this machine; where `REQUIRE_PYTHONS=1` promises it, nobody looks."""
    if os.environ.get("REQUIRE_PYTHONS") == "1":
        return True
    return subprocess.run(["uv", "python", "find", version], capture_output=True).returncode == 0


def render_or_skip(answers: Answers, directory: Path) -> Path:
    """Render a project with its lock, if its Python is on this machine."""
    if not has_python(answers["python_version"]):
        pytest.skip(f"there is no Python {answers['python_version']} on this machine")
    return render(answers, directory)


@pytest.fixture
def project(tmp_path: Path, answers: Answers) -> Path:
    """A project with its lock."""
    return render_or_skip(answers, tmp_path)


@contextmanager
def serving(project: Path, **settings: str) -> Iterator[Project]:
    """Run the service of a project here; check that it stops in order, and that nothing in it went wrong."""
    run(["uv", "sync", "--quiet"], project, VIRTUAL_ENV="")
    served, log = Project(project), project.parent / "service.log"
    environment = {"PYTHONPATH": "src", "HOST": "127.0.0.1", "PORT": str(served.port)}
    environment |= {"MODEL_REPOSITORY": "models", **settings}
    command = [project / ".venv" / "bin" / "python", "-m", "service"]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(command, cwd=project, env=environment, stderr=stderr) as process,
    ):
        try:
            served.wait_ready()
            yield served
            process.terminate()
            assert process.wait(15) == 0
        finally:
            process.kill()
    assert "Traceback" not in log.read_text(encoding="utf-8")
