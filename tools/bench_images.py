"""Measure images, in one run on this machine: `make bench-images`.

The same tiny application as each step of a common lesson builds it and as this template does; a service
with a model, with byte code and without, beside the naive image of the same; builds with each package
manager; and what each answer costs. Times are medians; what they may be compared with is each other.
Everything is written to docs/measurements.json, from which docs/measurements.md with its charts and
docs/choosing.md are made; with `--quick` everything is done once and nothing is written.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answers import DEFAULTS, FACTS, name
from images import engine, measure
from images.choices import list_choices, measure_choice, measure_rendering
from images.figures import MEASUREMENTS, Figures
from images.page import write_pages
from images.subject import Subject
from images.subjects import BASES, FULL, list_managers, list_services, list_tiny
from images.tables import list_tables
from measured import MeasurementError, surroundings
from project import TEMPLATE, CommandFailedError, docker_answers, run
from rich.console import Console

console = Console(width=150, highlight=False)

Measure = Callable[[Subject], dict[str, Any]]


@dataclass(frozen=True)
class Benchmark:
    """How often things are done, and where."""

    directory: Path
    starts: int = 5
    builds: int = measure.RUNS

    def measure_tiny(self, subject: Subject) -> dict[str, Any]:
        """Measure everything of an image of the tiny application."""
        return (
            self._measure_container(subject)
            | measure.measure_cold(subject, self.builds)
            | measure.measure_rebuild(subject, self.builds)
            | measure.measure_dependency(subject, self.builds)
        )

    def measure_service(self, subject: Subject) -> dict[str, Any]:
        """Measure size, start and rebuild of a service with a model."""
        return self._measure_container(subject) | measure.measure_rebuild(subject, self.builds)

    def measure_manager(self, subject: Subject) -> dict[str, Any]:
        """Measure builds with a package manager, and the one stage of them that is its own."""
        subject.build()
        return (
            measure.measure_cold(subject, self.builds)
            | measure.measure_dependency(subject, self.builds)
            | measure.measure_install(subject, self.builds)
        )

    def _measure_container(self, subject: Subject) -> dict[str, Any]:
        subject.build()
        return measure.measure_size(subject) | measure.measure_start(subject, self.starts)


def measure_each(subjects: Iterable[Subject], how: Measure) -> list[dict[str, Any]]:
    """Measure one image after the other, and leave none of them behind."""
    cells = []
    for subject in subjects:
        console.print(f"{subject.title} …")
        try:
            about = {"name": subject.name, "title": subject.title, "kind": subject.kind}
            cells.append(about | how(subject))
        finally:
            engine.remove(subject.image)
    return cells


def measure_choices(benchmark: Benchmark) -> list[dict[str, Any]]:
    """Measure what each answer costs."""
    cells = []
    for answers in list_choices():
        console.print(f"{name(answers)} …")
        found = measure_choice(answers, benchmark.directory / "choices", benchmark.starts)
        cells.append({"answers": answers, **found})
    return cells


def measure_all(benchmark: Benchmark) -> dict[str, Any]:
    """Measure all images, those of the choices too."""
    for image in (FULL, *BASES.values()):
        engine.require(image)
    return {
        **surroundings(),
        "python": DEFAULTS["python_version"],
        "versions": list_versions(),
        "starts": benchmark.starts,
        "builds": benchmark.builds,
        "tiny": measure_each(list_tiny(benchmark.directory), benchmark.measure_tiny),
        "services": measure_each(list_services(benchmark.directory), benchmark.measure_service),
        "managers": measure_each(list_managers(benchmark.directory), benchmark.measure_manager),
        "choices": measure_choices(benchmark),
        "rendering": measure_rendering(benchmark.directory / "rendering", benchmark.starts),
    }


def list_versions() -> dict[str, str]:
    """Return the versions of what builds."""
    engine_version = run(["docker", "version", "--format={{.Server.Version}}"], TEMPLATE).strip()
    buildx = run(["docker", "buildx", "version"], TEMPLATE).split()[1]
    return {"Docker Engine": engine_version, "buildx": buildx.removeprefix("v"), "uv": FACTS["_tools"]["uv"]}


def main() -> None:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="once each, for trying; writes nothing")
    quick = parser.parse_args().quick
    if not docker_answers():
        sys.exit("No Docker engine answers: start one, then measure again.")
    try:
        with tempfile.TemporaryDirectory(prefix="bench-images-") as directory:
            runs = {"starts": 1, "builds": 1} if quick else {}
            found = measure_all(Benchmark(Path(directory), **runs))
    except (CommandFailedError, MeasurementError) as error:
        sys.exit(str(error))
    figures = Figures(found)
    for table in list_tables(figures):
        console.print(table)
    for goal in figures.goals():
        console.print(str(goal))
    if not quick:
        MEASUREMENTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write_pages()


if __name__ == "__main__":
    main()
