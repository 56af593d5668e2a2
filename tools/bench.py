"""Measure what the choices cost, in one run on this machine: `make bench`.

For each choice, with all other answers as they are by default or as near as they can be: the time of a build
that finds nothing but downloads in its caches, the size of the image and of what lies above its base, the
time from `docker compose up` and from the container's start to ready, the time of a stop, and of a rebuild
after a change of one line of code. Rendering is timed too. Times are medians; what they may be compared with
is each other. Everything is written to docs/measurements.json, from which docs/choosing.md is made.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from answers import CHOICES, DEFAULTS, SUPPORTED, Answers, name, nearest
from choosing import MEASUREMENTS, write_page
from project import TEMPLATE, Project, docker_answers, poetry_settings, render, run
from rich.console import Console
from rich.table import Table

RUNS = 5
# The options that decide what is in an image; the others are varied one by one.
VARIED = {"base_image", "model_runtime"}
PARTS = ("image", "above_base", "venv", "bytecode", "interpreter")
TIMES = ("build", "up_to_ready", "start_to_ready", "stop", "rebuild")
console = Console(width=150, highlight=False)


def list_images() -> list[Answers]:
    """Return each base image with each model runtime that it goes together with."""
    fixed = {option: DEFAULTS[option] for option in CHOICES if option not in VARIED}
    return [answers for answers in SUPPORTED if fixed.items() <= answers.items()]


def choose_cells() -> list[Answers]:
    """Return each base image with each model runtime, and each other choice by itself."""
    others = ("package_manager", "model_layout", "model_volume")
    return list_images() + [nearest(option, choice) for option in others for choice in CHOICES[option][1:]]


def median_seconds(action: Callable[[int], object], runs: int = RUNS) -> float:
    """Return the median time of an action that is told the number of its run."""
    seconds = []
    for number in range(runs):
        began = time.perf_counter()
        action(number)
        seconds.append(time.perf_counter() - began)
    return round(statistics.median(seconds), 3)


def measure_rendering(directory: Path) -> dict[str, float]:
    """Time the cookiecutter command, as a whole process, without and with the lock."""

    def command(hooks: str) -> Callable[[int], object]:
        base = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config"]
        return lambda n: subprocess.run(
            [*base, f"--accept-hooks={hooks}", f"project_slug=run-{n}", "--output-dir", directory / hooks],
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
        )

    return {"without_lock": median_seconds(command("no")), "with_lock": median_seconds(command("yes"))}


def measure_layers(project: Project) -> dict[str, int]:
    """Return the bytes of the image, of what the Dockerfile puts on its base, and of each part of that."""
    size = int(run(["docker", "image", "inspect", "--format", "{{.Size}}", project.image], project.path))
    form = ["--no-trunc", "--human=false", "--format={{.Size}}\t{{.CreatedBy}}"]
    lines = run(["docker", "history", *form, project.image], project.path).splitlines()
    layers = [(int(bytes_), cause) for bytes_, _, cause in (line.partition("\t") for line in lines)]
    first = max(number for number, (_, cause) in enumerate(layers) if "opencontainers.image.title" in cause)
    parts = {"COPY /dependencies": "venv", "COPY /bytecode": "bytecode", "COPY /application": "code"}
    parts |= {"COPY /interpreter": "interpreter"}
    found = dict.fromkeys(parts.values(), 0)
    for bytes_, cause in layers[:first]:
        for beginning, part in parts.items():
            found[part] += bytes_ if cause.startswith(beginning) else 0
    return {"image": size, "above_base": sum(bytes_ for bytes_, _ in layers[:first]), **found}


def rebuild(project: Project, number: int) -> None:
    """Change one line of code and build."""
    module = project.path / "src" / "service" / "predictor.py"
    with module.open("a", encoding="utf-8") as source:
        source.write(f"CHANGE_{number} = {time.time()}\n")
    project.compose("build")


def start_and_stop(project: Project) -> tuple[float, float, float]:
    """Return the seconds from `docker compose up` and from the container's start to ready, and of a stop."""
    began = time.time()
    project.compose("up", "--detach")
    try:
        project.wait_ready()
        ready = time.time()
        started = project.started_at()
        stopping = time.time()
        project.compose("stop")
        return ready - began, ready - started, time.time() - stopping
    finally:
        project.compose("down", "--timeout", "1")


def measure_cell(answers: Answers, directory: Path) -> dict[str, float]:
    """Build, fill, start, stop and rebuild the service with these answers."""
    slug = "bench-" + "-".join(answers.values()).replace(".", "-").replace("_", "-")
    project = Project(render(answers | {"project_slug": slug}, directory))
    project.compose("build")  # so that everything is downloaded
    build = median_seconds(lambda _: project.compose("build", "--no-cache"), 1)
    if answers["model_volume"] != "bind":
        run(["make", "fill"], project.path, PORT=str(project.port))
    try:
        layers = measure_layers(project)
        times = [start_and_stop(project) for _ in range(RUNS)]
        up, start, stop = (round(statistics.median(each), 3) for each in zip(*times, strict=True))
        again = median_seconds(lambda number: rebuild(project, number), 3)
    finally:
        project.compose("--profile", "models", "down", "--volumes", "--rmi", "all")
    seconds = {"build": build, "up_to_ready": up, "start_to_ready": start, "stop": stop, "rebuild": again}
    return layers | seconds


def show(cells: list[dict]) -> Table:
    """Return the table of all cells."""
    table = Table("answers", title=f"Medians of {RUNS} runs")
    columns = ("image MB", "above base", "venv", "byte code", "Python", "code kB")
    columns += ("build s", "up to ready s", "start to ready s", "stop s", "rebuild s")
    for column in columns:
        table.add_column(column, justify="right")
    for cell in cells:
        sizes = [f"{cell[part] / 1e6:.1f}" for part in PARTS]
        times = [f"{cell[part]:.2f}" for part in TIMES]
        table.add_row(name(cell["answers"]), *sizes, f"{cell['code'] / 1e3:.0f}", *times)
    return table


def main() -> None:
    """Measure, print, write down."""
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        found: dict = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "python": DEFAULTS["python_version"],
            "runs": RUNS,
            "rendering": measure_rendering(directory / "rendering"),
        }
        console.print(f"Rendering: {found['rendering']}")
        if not docker_answers():
            console.print("No Docker engine answers, so images are not measured and nothing is written.")
            return
        os.environ.update(poetry_settings())
        found["cells"] = []
        for answers in choose_cells():
            found["cells"].append({"answers": answers, **measure_cell(answers, directory / "images")})
            console.print(show(found["cells"][-1:]))
        console.print(show(found["cells"]))
    finally:
        shutil.rmtree(directory)
    MEASUREMENTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page()


if __name__ == "__main__":
    main()
