"""Without a container: `make dev`, which a change of the source starts anew, and `make engine`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from answers import DEFAULTS, nearest
from project import Project, free_port, run, wait_until


@contextmanager
def making(target: str, project: Path, **settings: str) -> Iterator[None]:
    """Run a target of make until the end of the block."""
    with (project.parent / f"{target}.log").open("w") as log:
        process = subprocess.Popen(
            ["make", target],
            cwd=project,
            env=os.environ | {"VIRTUAL_ENV": ""} | settings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)


def wait_for_field(project: Project, name: str) -> None:
    """Wait until the answer to the example request has this field."""

    def has_field() -> bool:
        with suppress(OSError, RuntimeError):
            return name in project.predict()
        return False

    wait_until(has_field, seconds=120, explain=lambda: f"an answer with {name}")


def rename_field(path: Path) -> None:
    """Call a field of the answer by another name."""
    file = path / "src" / "service" / "predictor.py"
    file.write_text(file.read_text(encoding="utf-8").replace("confidence", "certainty"), encoding="utf-8")


@pytest.mark.parametrize("answers", [DEFAULTS])
def test_make_dev_serves_what_was_just_written(project: Path) -> None:
    running = Project(project)
    run(["make", "install"], project, VIRTUAL_ENV="")
    with making("dev", project, PORT=str(running.port)):
        wait_for_field(running, "confidence")
        rename_field(project)
        wait_for_field(running, "certainty")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the engine is a container")
@pytest.mark.parametrize("answers", [nearest("model_runtime", "llama-cpp")])
def test_make_engine_and_make_run_need_no_container(project: Path) -> None:
    running = Project(project)
    settings = {"ENGINE_URL": f"http://127.0.0.1:{free_port()}", "PORT": str(running.port)}
    run(["make", "install"], project, VIRTUAL_ENV="")
    with making("engine", project, **settings), making("run", project, **settings):
        wait_for_field(running, "capital")
