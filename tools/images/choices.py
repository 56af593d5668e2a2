"""What each answer costs, all others as they are by default or as near as can be: for docs/choosing.md."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from answers import CHOICES, DEFAULTS, SUPPORTED, Answers, nearest
from project import TEMPLATE, Project, render, run

from images import engine, measure

# The options that decide what is in an image; the others are varied one by one.
VARIED = {"base_image", "model_runtime"}
# What makes each part of an image, as its history has it.
PARTS = {
    "COPY /interpreter": "interpreter",
    "COPY /dependencies": "dependencies",
    "COPY /bytecode": "bytecode",
    "COPY /application": "application",
}


def list_images() -> list[Answers]:
    """Return each base image with each model runtime that it goes together with."""
    fixed = {option: DEFAULTS[option] for option in CHOICES if option not in VARIED}
    return [answers for answers in SUPPORTED if fixed.items() <= answers.items()]


def list_choices() -> list[Answers]:
    """Return each base image with each model runtime, and each other choice by itself."""
    others = ("package_manager", "model_layout", "model_volume", "tracing")
    return list_images() + [nearest(option, choice) for option in others for choice in CHOICES[option][1:]]


def measure_rendering(directory: Path, runs: int) -> dict[str, float]:
    """Time the cookiecutter command, as a whole process, without and with the lock."""

    def command(hooks: str) -> Callable[[], object]:
        base = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config"]
        options = [f"--accept-hooks={hooks}", "--overwrite-if-exists", "--output-dir", str(directory / hooks)]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
        return lambda: subprocess.run([*base, *options], check=True, capture_output=True, env=environment)

    return {
        "without_lock": measure.seconds(command("no"), runs),
        "with_lock": measure.seconds(command("yes"), runs),
    }


def measure_layers(project: Project) -> dict[str, int]:
    """Return the bytes of the image, of what the Dockerfile puts on its base, and of each part of that."""
    form = ["--no-trunc", "--human=false", "--format={{.Size}}\t{{.CreatedBy}}"]
    lines = run(["docker", "history", *form, project.image], project.path).splitlines()
    layers = [(int(bytes_), cause) for bytes_, _, cause in (line.partition("\t") for line in lines)]
    first = max(number for number, (_, cause) in enumerate(layers) if "opencontainers.image.title" in cause)
    found = dict.fromkeys(PARTS.values(), 0)
    for bytes_, cause in layers[:first]:
        for beginning, part in PARTS.items():
            found[part] += bytes_ if cause.startswith(beginning) else 0
    return {
        "size": engine.size(project.image),
        "above_base": sum(bytes_ for bytes_, _ in layers[:first]),
        **found,
    }


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
    slug = "bench-" + "-".join(answers.values()).replace(".", "-").replace("_", "-")
    project = Project(render(answers | {"project_slug": slug}, directory))
    project.compose("build")
    if answers["model_volume"] != "bind":
        run(["make", "fill"], project.path, PORT=str(project.port))
    try:
        layers = measure_layers(project)
        times = [start_and_stop(project) for _ in range(runs)]
    finally:
        project.compose("--profile", "models", "down", "--volumes", "--rmi", "all")
    up, start, stop = (statistics.median(each) for each in zip(*times, strict=True))
    return layers | {"up_to_ready": up, "start_to_ready": start, "stop": stop}
