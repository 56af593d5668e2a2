"""What each answer costs, all others as they are by default or as near as can be: for docs/choosing.md."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from answers import CHOICES, DEFAULTS, SUPPORTED, Answers, nearest
from project import TEMPLATE, Project, render, run

from images import measure

# The options that decide what is in an image; of the others, each choice is measured by itself.
VARIED = {"base_image", "model_runtime"}
OTHERS = {
    "package_manager": ("pip", "poetry"),
    "model_layout": ("flat", "huggingface"),
    "model_volume": ("named", "image"),
    "api": ("open-inference",),
    "model_updates": ("live",),
    "observability": ("tracing",),
}
# The layers above the base image, as its history names them.
BASE_LABEL = "LABEL org.opencontainers.image.base.name"
PARTS = {"COPY /interpreter": "interpreter", "COPY /opt": "packages", "COPY /app": "application"}


def list_images() -> list[Answers]:
    """Return each base image with each model runtime that it goes together with."""
    fixed = {option: DEFAULTS[option] for option in CHOICES if option not in VARIED}
    return [answers for answers in SUPPORTED if fixed.items() <= answers.items()]


def list_choices() -> list[Answers]:
    """Return each base image with each model runtime, and each other choice by itself."""
    return list_images() + [nearest(option, choice) for option in OTHERS for choice in OTHERS[option]]


def measure_rendering(directory: Path, runs: int) -> dict[str, float]:
    """Time the cookiecutter command, as a whole process, without and with the lock."""
    base = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}

    def render_by_command(hooks: str) -> object:
        options = [f"--accept-hooks={hooks}", "--overwrite-if-exists", "--output-dir", str(directory / hooks)]
        return subprocess.run([*base, *options], check=True, capture_output=True, env=environment)

    return {
        "without_lock": measure.seconds(lambda: render_by_command("no"), runs),
        "with_lock": measure.seconds(lambda: render_by_command("yes"), runs),
    }


def measure_layers(project: Project) -> dict[str, int]:
    """Return the bytes of the image, of what the Dockerfile puts on its base, and of each part of that."""
    form = ["--no-trunc", "--human=false", "--format={{.Size}}\t{{.CreatedBy}}"]
    lines = run(["docker", "history", *form, project.image], project.path).splitlines()
    layers = [(int(size), cause) for size, _, cause in (line.partition("\t") for line in lines)]
    first = next(number for number, (_, cause) in enumerate(layers) if cause.startswith(BASE_LABEL))
    found = dict.fromkeys(PARTS.values(), 0)
    for size, cause in layers[:first]:
        for beginning, part in PARTS.items():
            found[part] += size if cause.startswith(beginning) else 0
    above_base = sum(size for size, _ in layers[:first])
    return {"size": measure.read_size(project.image), "above_base": above_base, **found}


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


def measure_choice(answers: Answers, directory: Path, runs: int) -> dict[str, float]:
    """Build, fill, start and stop the service with these answers."""
    changed = [choice for option, choice in answers.items() if choice != DEFAULTS[option]]
    slug = "-".join(["bench", *changed]).replace(".", "-")
    project = Project(render(answers | {"project_slug": slug}, directory))
    project.compose("build")
    if answers["model_volume"] != "bind":
        run(["make", "fill"], project.path, VIRTUAL_ENV="")
    try:
        layers = measure_layers(project)
        times = [start_and_stop(project) for _ in range(runs)]
    finally:
        project.compose("--profile", "models", "down", "--volumes", "--rmi", "all")
    names = ("up_to_ready", "start_to_ready", "stop")
    medians = {
        name: round(statistics.median(each), 2)
        for name, each in zip(names, zip(*times, strict=True), strict=True)
    }
    return layers | medians
