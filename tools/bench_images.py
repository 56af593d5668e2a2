"""Measure images on this machine: `make bench-images`.

Four sections: the same tiny application as each step of a common lesson builds it and as this template does
(tiny); a service with a model, with byte code and without, beside the naive image of the same (services);
builds with each package manager (managers); and what each answer costs (choices). Times are medians.
Each section is written to docs/measurements.json when it is complete; the pages, and the image budgets in
the table of facts, are made anew from that.
`--only` measures some sections and keeps what is written of the others.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import image_megabytes
from answers import DEFAULTS, FACTS, name
from images import measure
from images.choices import list_choices, measure_choice, measure_rendering
from images.figures import MEASUREMENTS, read_figures
from images.page import write_pages
from images.subject import Subject
from images.subjects import BASES, FULL, list_managers, list_services, list_tiny
from measured import MeasurementError, surroundings
from project import TEMPLATE, CommandFailedError, docker_answers, run
from rich.console import Console

console = Console(width=150, highlight=False, soft_wrap=True)

Cell = dict[str, Any]


@dataclass(frozen=True)
class Benchmark:
    """How often things are done, and where."""

    directory: Path
    starts: int = 5
    builds: int = 3

    def measure_tiny(self, subject: Subject) -> Cell:
        """Measure everything of an image of the tiny application."""
        return self.measure_service(subject) | measure.measure_build(subject, self.builds)

    def measure_service(self, subject: Subject) -> Cell:
        """Measure size, start and rebuild of a service."""
        subject.build()
        return (
            measure.measure_size(subject)
            | measure.measure_start(subject, self.starts)
            | measure.measure_rebuild(subject, self.builds)
        )

    def measure_manager(self, subject: Subject) -> Cell:
        """Measure builds with a package manager."""
        return measure.measure_build(subject, self.builds)

    def measure_section(self, section: str) -> dict[str, Any]:
        """Measure one section, and write down when, where and how."""
        directory = self.directory / section
        directory.mkdir()
        runs = {"python": DEFAULTS["python_version"], "starts": self.starts, "builds": self.builds}
        about = {**surroundings(), **runs, "versions": list_versions()}
        if section == "choices":
            about["rendering"] = measure_rendering(directory / "rendering", self.starts)
            return about | {"cells": self._measure_choices(directory)}
        list_subjects, how = {
            "tiny": (list_tiny, self.measure_tiny),
            "services": (list_services, self.measure_service),
            "managers": (list_managers, self.measure_manager),
        }[section]
        return about | {"cells": measure_each(list_subjects(directory), how)}

    def _measure_choices(self, directory: Path) -> list[Cell]:
        cells = []
        for answers in list_choices():
            cells.append({"answers": answers, **measure_choice(answers, directory, self.starts)})
            console.print(name(answers), cells[-1])
        return cells


SECTIONS = ("tiny", "services", "managers", "choices")


def measure_each(subjects: Iterable[Subject], how: Callable[[Subject], Cell]) -> list[Cell]:
    """Measure one image after the other, and leave none of them behind."""
    cells = []
    for subject in subjects:
        try:
            about = {"name": subject.name, "title": subject.title, "kind": subject.kind}
            cells.append(about | how(subject))
            console.print(cells[-1])
        finally:
            measure.remove(subject.image)
    return cells


def list_versions() -> dict[str, str]:
    """Return the versions of what builds."""
    engine = run(["docker", "version", "--format={{.Server.Version}}"], TEMPLATE).strip()
    buildx = run(["docker", "buildx", "version"], TEMPLATE).split()[1]
    return {"Docker Engine": engine, "buildx": buildx.removeprefix("v"), "uv": FACTS["_tools"]["uv"]}


def main() -> None:
    """Measure, write down, and say which goals are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="the sections")
    parser.add_argument("--starts", type=int, default=5, help="how often each container is started")
    parser.add_argument("--builds", type=int, default=3, help="how often each image is built")
    asked = parser.parse_args()
    if not docker_answers():
        sys.exit("No Docker engine answers: start one, then measure again.")
    try:
        for image in (FULL, *BASES.values()):
            measure.require(image)
        for section in asked.only:
            with tempfile.TemporaryDirectory(prefix="bench-images-") as directory:
                found = Benchmark(Path(directory), asked.starts, asked.builds).measure_section(section)
            sections = read_figures().sections | {section: found}
            MEASUREMENTS.write_text(json.dumps(sections, indent=1) + "\n", encoding="utf-8")
    except (CommandFailedError, MeasurementError) as error:
        sys.exit(str(error))
    image_megabytes.main()
    write_pages()
    for goal in read_figures().goals():
        console.print(str(goal))


if __name__ == "__main__":
    main()
