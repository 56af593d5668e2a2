"""Measure what the template promises, in one run on this machine: `make bench`.

Render time with and without the lock; for each base image the size of the image and of each layer above
the base, the time from `docker compose up` to ready, and the time of a rebuild after a change of one line
of code. Times are medians; what they may be compared with is each other.
"""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from project import TEMPLATE, Answers, Project, docker_answers, render, run
from rich.console import Console
from rich.table import Table

RUNS = 5
CELLS: dict[str, Answers] = {
    "slim": {"base_image": "slim"},
    "alpine": {"base_image": "alpine", "model_runtime": "tract"},
    "distroless": {"base_image": "distroless"},
    "slim, tract": {"base_image": "slim", "model_runtime": "tract"},
    "distroless, tract": {"base_image": "distroless", "model_runtime": "tract"},
}
console = Console(width=120, highlight=False)


def median_seconds(action: Callable[[int], object], runs: int = RUNS) -> float:
    """Return the median time of an action that is told the number of its run."""
    seconds = []
    for number in range(runs):
        began = time.perf_counter()
        action(number)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def measure_rendering(directory: Path) -> Table:
    """Time the cookiecutter command, as a whole process."""

    def command(*options: str) -> Callable[[int], object]:
        base = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config"]
        return lambda n: subprocess.run(
            [*base, *options, f"project_slug=run-{n}", "--output-dir", directory / "-".join(options)],
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
        )

    table = Table("command", "seconds", title="Rendering")
    table.add_row("cookiecutter --accept-hooks no", f"{median_seconds(command('--accept-hooks=no')):.2f}")
    table.add_row("cookiecutter, with the lock", f"{median_seconds(command('--accept-hooks=yes')):.2f}")
    return table


def list_layers(project: Project) -> list[tuple[int, str]]:
    """Return size in bytes and cause of each layer that the Dockerfile puts on its base, the last first."""
    form = ["--no-trunc", "--human=false", "--format={{.Size}}\t{{.CreatedBy}}"]
    lines = run(["docker", "history", *form, project.image], project.path).splitlines()
    layers = [(int(size), cause) for size, _, cause in (line.partition("\t") for line in lines)]
    first = max(number for number, (_, cause) in enumerate(layers) if "opencontainers.image.title" in cause)
    return [(size, cause.removesuffix(" # buildkit")) for size, cause in layers[:first] if size]


def rebuild(project: Project, number: int) -> None:
    """Change one line of code and build."""
    module = project.path / "src" / "service" / "predictor.py"
    with module.open("a", encoding="utf-8") as source:
        source.write(f"CHANGE_{number} = {time.time()}\n")
    project.compose("build")


def start_and_stop(project: Project) -> tuple[float, float, float]:
    """Return the seconds from `docker compose up` and from the container's start to ready, and of a stop."""
    began = time.time()
    with project.running():
        project.wait_ready()
        ready = time.time()
        started = project.started_at()
        stopping = time.time()
        project.compose("stop")
        return ready - began, ready - started, time.time() - stopping


def measure_images(directory: Path) -> tuple[Table, Table]:
    """Build, start, stop and rebuild the service on each base image."""
    images = Table("answers", "image MB", "above the base MB", title="Images")
    for column in ("up to ready s", "container start to ready s", "idle stop s", "rebuild after one line s"):
        images.add_column(column, justify="right")
    layers = Table("answers", "MB", "layer", title="Layers above the base")
    for name, answers in CELLS.items():
        slug = f"bench-{name.replace(', ', '-')}"
        project = Project(render(answers | {"project_slug": slug}, directory))
        project.compose("build")
        size = int(run(["docker", "image", "inspect", "--format", "{{.Size}}", project.image], project.path))
        above = list_layers(project)
        runs = [start_and_stop(project) for _ in range(RUNS)]
        up, start, stop = map(statistics.median, zip(*runs, strict=True))
        again = median_seconds(lambda number, project=project: rebuild(project, number))
        images.add_row(
            name,
            f"{size / 1e6:.1f}",
            f"{sum(layer for layer, _ in above) / 1e6:.1f}",
            *(f"{seconds:.2f}" for seconds in (up, start, stop, again)),
        )
        for layer, cause in above:
            layers.add_row(name, f"{layer / 1e6:.2f}", cause)
        run(["docker", "image", "rm", project.image], project.path)
    return images, layers


def main() -> None:
    """Measure and print."""
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        console.print(f"Python {platform.python_version()} on {platform.machine()}, medians of {RUNS} runs")
        console.print(measure_rendering(directory / "rendering"))
        if docker_answers():
            for table in measure_images(directory / "images"):
                console.print(table)
        else:
            console.print("No Docker engine answers here: images are not measured.")
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
