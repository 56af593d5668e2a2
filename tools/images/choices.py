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
from images.subjects import BASES

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
        size = measure.read_size(project.image)
        above_base = size - measure.read_size(BASES[answers["base_image"]])
        times = [start_and_stop(project) for _ in range(runs)]
    finally:
        project.remove()
    names = ("up_to_ready", "start_to_ready", "stop")
    medians = {
        name: round(statistics.median(each), 2)
        for name, each in zip(names, zip(*times, strict=True), strict=True)
    }
    return {"size": size, "above_base": above_base, **medians}
