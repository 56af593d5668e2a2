"""Measure what images have above their base, for the budgets of generated projects: `make image-megabytes`.

Builds one image for each base image and model runtime that go together, and one with tracing, and writes the
megabytes to the table of facts, from which `budget-mb` in a new project's pyproject.toml is made.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from answers import CHOICES, DEFAULTS, Answers, name, nearest
from images.choices import list_images, measure_layers
from project import TEMPLATE, Project, docker_answers, render

TABLE = TEMPLATE / "cookiecutter.json"
Sizes = dict[str, int]


def measure(answers: Answers, directory: Path) -> int:
    """Build an image, and return the megabytes that it has above its base."""
    slug = "megabytes-" + "-".join(answers.values()).replace(".", "-")
    project = Project(render(answers | {"project_slug": slug}, directory))
    try:
        project.compose("build")
        megabytes = round(measure_layers(project)["above_base"] / 1e6)
    finally:
        project.compose("down", "--rmi", "all")
    print(f"{megabytes:4} MB  {name(answers)}", flush=True)
    return megabytes


def measure_all(directory: Path) -> tuple[dict[str, Sizes], Sizes]:
    """Return the megabytes of each base image with each model runtime, and those that tracing adds."""
    images: dict[str, Sizes] = {base: {} for base in CHOICES["base_image"]}
    for answers in list_images():
        images[answers["base_image"]][answers["model_runtime"]] = measure(answers, directory)
    least = images[DEFAULTS["base_image"]][DEFAULTS["model_runtime"]]
    tracing = {DEFAULTS["tracing"]: 0}
    for choice in CHOICES["tracing"][1:]:
        tracing[choice] = measure(nearest("tracing", choice), directory) - least
    return images, tracing


def write_tables(table: str, images: dict[str, Sizes], tracing: Sizes) -> str:
    """Return the table of facts with these sizes in it, and nothing else changed."""
    rows = ",\n".join(f'    "{base}": {json.dumps(sizes)}' for base, sizes in images.items())
    for key, value in [
        ("_image_megabytes", f"{{\n{rows}\n  }}"),
        ("_tracing_megabytes", json.dumps(tracing)),
    ]:
        table, found = re.subn(rf'(?ms)^  "{key}": .*?}}(?=,\n  ")', f'  "{key}": {value}', table)
        if found != 1:
            raise ValueError(f"{key} is not found once in the table of facts")
    return table


def main() -> None:
    """Measure and write down."""
    if not docker_answers():
        sys.exit("no Docker engine answers: start one, then measure again")
    with tempfile.TemporaryDirectory(prefix="megabytes-") as directory:
        images, tracing = measure_all(Path(directory))
    table = TABLE.read_text(encoding="utf-8")
    TABLE.write_text(write_tables(table, images, tracing), encoding="utf-8")


if __name__ == "__main__":
    main()
