"""`make dev`: the service without a container, which a change of the source starts anew."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from answers import DEFAULTS
from project import Project, run


def wait_for_field(project: Project, name: str) -> None:
    """Wait until the answer to the example request has this field."""
    deadline = time.monotonic() + 120
    while True:
        try:
            if name in project.predict():
                return
        except (OSError, RuntimeError):
            pass
        assert time.monotonic() < deadline, f"no answer with {name}"
        time.sleep(0.1)


def rename_field(path: Path) -> None:
    """Call a field of the answer by another name."""
    file = path / "src" / "service" / "predictor.py"
    file.write_text(file.read_text(encoding="utf-8").replace("confidence", "certainty"), encoding="utf-8")


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_make_dev_serves_what_was_just_written(project: Path, tmp_path: Path) -> None:
    running = Project(project)
    makefile = project / "Makefile"
    makefile.write_text(
        makefile.read_text().replace("--reload-dir src", f"--reload-dir src --port {running.port}")
    )
    run(["make", "install"], project, VIRTUAL_ENV="")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            ["make", "dev"],
            cwd=project,
            env=os.environ | {"VIRTUAL_ENV": ""},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for_field(running, "confidence")
            rename_field(project)
            wait_for_field(running, "certainty")
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
