"""What was measured, as charts and pages need it: cells, ratios, goals."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answers import DEFAULTS
from measured import Goal
from project import TEMPLATE

MEASUREMENTS = TEMPLATE / "docs" / "measurements.json"
Cell = dict[str, Any]
# Megabytes of the tiny application's images: 5 % above what they were on 2026-11-28.
TINY_GOALS = {"alpine": 62, "distroless": 60}
SERVICE_GOAL = 147  # megabytes of the service with ONNX Runtime on distroless, likewise
# The bases on which a service has ONNX Runtime.
WITH_ONNX_RUNTIME = ("slim", "distroless")


@dataclass(frozen=True)
class Figures:
    """All figures that were measured last; the sections may be of different days."""

    sections: dict[str, Any]

    def cells(self, section: str) -> list[Cell]:
        """Return everything of a section."""
        return self.sections[section]["cells"]

    def find(self, section: str, name: str) -> Cell:
        """Return what was measured of an image."""
        return next(cell for cell in self.cells(section) if cell["name"] == name)

    def tiny(self, name: str) -> Cell:
        """Return what was measured of an image of the tiny application."""
        return self.find("tiny", name)

    def service(self, name: str) -> Cell:
        """Return what was measured of an image of a service."""
        return self.find("services", f"service-{name}")

    def choice(self, **answers: str) -> Cell | None:
        """Return what was measured with these answers, the others as they are by default."""
        wanted = DEFAULTS | answers
        # What was measured before an option was there had its default.
        return next((each for each in self.cells("choices") if DEFAULTS | each["answers"] == wanted), None)

    def byte_code(self, base: str) -> float:
        """Return the time to the first prediction in that of the same image without byte code."""
        with_it, without = (self.service(name) for name in (base, f"{base}-no-bytecode"))
        return with_it["first_prediction"] / without["first_prediction"]

    def goals(self) -> Iterator[Goal]:
        """Return what was promised, and what came of it."""
        for base, bound in TINY_GOALS.items():
            yield at_most(
                f"FastAPI alone, {base}, image", bound, self.tiny(f"ours-{base}")["size"] / 1e6, "MB"
            )
        size = self.service("distroless")["size"] / 1e6
        yield at_most("ONNX Runtime, distroless, image", SERVICE_GOAL, size, "MB")
        for base in WITH_ONNX_RUNTIME:
            start = self.service(base)["first_prediction"]
            yield at_most(f"start to first prediction, {base}", 0.8, start, "s")
            yield at_most(f"the same against no byte code, {base}", 0.5, self.byte_code(base), "×")


def at_most(what: str, bound: float, found: float, unit: str) -> Goal:
    """Return a goal that is an upper bound."""
    return Goal(what, bound, found, unit, at_least=False)


def read_figures(file: Path = MEASUREMENTS) -> Figures:
    """Return what was measured last."""
    return Figures(json.loads(file.read_text(encoding="utf-8")))
