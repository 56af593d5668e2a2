"""The main job, seen to work: `make demo` renders the default answers, runs the service and asks it.

With Docker the service runs in its container, started from the rendered compose file; without, uv runs
it. Everything that was started is stopped, and the rendered project stays in build/demo to look around.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from project import TEMPLATE, CommandFailedError, Project, docker_answers, render
from rich.console import Console

DIRECTORY = TEMPLATE / "build" / "demo"
console = Console(highlight=False, soft_wrap=True)


def step(command: str) -> None:
    """Show a command as if it had been typed."""
    console.print(f"[bold green]$[/] [bold]{command}[/]")


@contextmanager
def served_by_docker(project: Project) -> Iterator[None]:
    """Serve from the project's own container."""
    step("docker compose up --build --detach --wait")
    began = time.monotonic()
    with project.running("--build", "--wait"):
        console.print(f"  built and healthy after {time.monotonic() - began:.1f} s")
        yield
        step("docker compose down")


@contextmanager
def served_by_uv(project: Project) -> Iterator[None]:
    """Serve without a container, where no Docker engine answers."""
    console.print("  no Docker engine answers here, so uv runs the service without a container")
    step("HOST=127.0.0.1 MODEL_REPOSITORY=models uv run python -m service")
    settings = {"HOST": "127.0.0.1", "MODEL_REPOSITORY": "models", "PORT": str(project.port)}
    # Not `make run`: make does not pass a signal on to what it runs.
    process = subprocess.Popen(
        ["uv", "run", "--quiet", "python", "-m", "service"], cwd=project.path, env=os.environ | settings
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def main() -> None:
    """Render, start, ask, stop."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    step("cookiecutter gh:org/template --no-input")
    began = time.monotonic()
    project = Project(render({}, DIRECTORY))
    console.print(f"  {project.image}/ rendered and locked after {time.monotonic() - began:.1f} s")
    serve = served_by_docker if docker_answers() else served_by_uv
    with serve(project):
        project.wait_ready()
        step(
            "curl localhost:$HOST_PORT/predict -H 'content-type: application/json' -d @examples/predict.json"
        )
        answer = project.predict()
        console.print(f"  {json.dumps(answer)}")
    if answer["digit"] != 7:
        sys.exit("the example is a seven, but the service read something else")
    console.print(f"[bold]The service read a {answer['digit']}.[/]")
    console.print(f"The project is in {project.path.relative_to(TEMPLATE)}.")


if __name__ == "__main__":
    try:
        main()
    except CommandFailedError as error:
        sys.exit(str(error))
