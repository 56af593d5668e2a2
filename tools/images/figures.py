"""What was measured, as tables, charts and pages need it: cells, ratios, goals."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answers import DEFAULTS
from measured import Goal
from project import TEMPLATE

MEASUREMENTS = TEMPLATE / "docs" / "measurements.json"
WORDS = {"size": "image", "above_base": "above its base"}
# The goals for the tiny application: what is held down on which base, and to how many bytes.
TINY = {"alpine": ("size", 59e6), "distroless": ("size", 60e6), "slim": ("above_base", 15e6)}
# The bases with the goals for a service, which has ONNX Runtime there.
WITH_ONNX_RUNTIME = ("slim", "distroless")


@dataclass(frozen=True)
class Figures:
    """All figures of one run."""

    run: dict[str, Any]

    def tiny(self, name: str) -> dict[str, Any]:
        """Return what was measured of an image of the tiny application."""
        return find(self.run["tiny"], name)

    def service(self, name: str) -> dict[str, Any]:
        """Return what was measured of an image of a service."""
        return find(self.run["services"], f"service-{name}")

    def manager(self, name: str) -> dict[str, Any]:
        """Return what was measured of the builds with a package manager."""
        return find(self.run["managers"], f"manager-{name}")

    def choice(self, **answers: str) -> dict[str, Any] | None:
        """Return what was measured with these answers, the others as they are by default."""
        wanted = DEFAULTS | answers
        found = [each for each in self.run["choices"] if wanted.items() >= each["answers"].items()]
        return found[0] if found else None

    def pip_to_uv(self, what: str) -> float:
        """Return how many times longer something takes with pip than with uv."""
        return self.manager("pip")[what] / self.manager("uv")[what]

    def byte_code(self, base: str) -> float:
        """Return the time to the first prediction in that of the same image without byte code."""
        with_it, without = (self.service(name) for name in (base, f"{base}-no-bytecode"))
        return with_it["first_prediction"] / without["first_prediction"]

    def goals(self) -> list[Goal]:
        """Return what was promised, and what came of it."""
        services = [goal for base in WITH_ONNX_RUNTIME for goal in self._service_goals(base)]
        return [*self._size_goals(), *services, *self._manager_goals()]

    def _size_goals(self) -> Iterator[Goal]:
        for base, (what, bound) in TINY.items():
            found = self.tiny(f"ours-{base}")[what]
            yield at_most(f"tiny application, {base}, {WORDS[what]}", bound / 1e6, found / 1e6, "MB")
        yield at_most("ONNX Runtime, distroless, image", 140, self.service("distroless")["size"] / 1e6, "MB")

    def _service_goals(self, base: str) -> Iterator[Goal]:
        found = self.service(base)
        yield at_most(f"start to first prediction, {base}", 0.9, found["first_prediction"], "s")
        yield at_most(f"the same against no byte code, {base}", 0.5, self.byte_code(base), "×")
        yield at_most(f"build after a line of code, {base}", 1.5, found["code_changed"], "s")
        yield at_most(f"pushed after that, {base}", 200, found["pushed"] / 1e3, "kB")

    def _manager_goals(self) -> Iterator[Goal]:
        lesson = self.tiny("two-stages")["dependency_changed"] / self.tiny("uv")["dependency_changed"]
        for what, found in (
            ("the install", self.pip_to_uv("install")),
            ("the lesson's two stages", lesson),
            ("the whole build of a project", self.pip_to_uv("dependency_changed")),
        ):
            yield Goal(f"a dependency changed, {what}, pip against uv", 3, found, "×", at_least=True)


def at_most(what: str, bound: float, found: float, unit: str) -> Goal:
    """Return a goal that is an upper bound."""
    return Goal(what, bound, found, unit, at_least=False)


def find(cells: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the cell of this name."""
    return next(cell for cell in cells if cell["name"] == name)


def read_figures(file: Path = MEASUREMENTS) -> Figures:
    """Return what was measured last."""
    return Figures(json.loads(file.read_text(encoding="utf-8")))
