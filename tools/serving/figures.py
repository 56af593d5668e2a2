"""What was measured, as table, chart and page need it: medians, ratios, goals."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measured import Goal
from project import TEMPLATE

from serving.stacks import CASES, PREDICT_DIGITS, PREDICT_NETWORK, SERVICE, TITLES, TUTORIAL, Case

MEASUREMENTS = TEMPLATE / "docs" / "serving.json"
CONNECTIONS = (1, 16, 64)
# Case, connections, and at least how many requests for each of the tutorial.
RATES = (
    (PREDICT_DIGITS, 1, 0.9),
    (PREDICT_DIGITS, 64, 0.9),
    (PREDICT_NETWORK, 1, 1.0),
    (PREDICT_NETWORK, 64, 3.5),
)
HEALTH_MS = 50.0


@dataclass(frozen=True)
class Figures:
    """All figures of one run."""

    run: dict[str, Any]

    @property
    def cases(self) -> list[Case]:
        """Return the cases that were measured."""
        names = {cell["case"] for cell in self.run["cells"]}
        return [case for case in CASES if case.name in names]

    @property
    def stacks(self) -> list[str]:
        """Return the names of the stacks that were measured."""
        names = {cell["stack"] for cell in self.run["cells"]}
        return [name for name in TITLES if name in names]

    @property
    def connections(self) -> list[int]:
        """Return the numbers of connections that were measured."""
        return sorted({cell["connections"] for cell in self.run["cells"]})

    def cell(self, case: Case, stack: str, connections: int) -> dict[str, float]:
        """Return rate and latencies of a stack under one load."""
        return self._find("cells", case=case.name, stack=stack, connections=connections)

    def process(self, case: Case, stack: str) -> dict[str, float]:
        """Return memory after load (bytes) and time from start to the first answer (seconds)."""
        return self._find("processes", case=case.name, stack=stack)

    def ratio(self, case: Case, connections: int, stack: str = SERVICE) -> float:
        """Return how many requests a stack answers for each that the tutorial answers."""
        ours, theirs = (self.cell(case, each, connections)["rate"] for each in (stack, TUTORIAL))
        return ours / theirs

    def goals(self) -> list[Goal]:
        """Return what was promised, and what came of it, for the cases that were measured."""
        goals = [
            Goal(
                f"requests of {case.title}, against the tutorial, connections: {connections}",
                bound,
                self.ratio(case, connections),
                "×",
                at_least=True,
            )
            for case, connections, bound in RATES
            if case in self.cases
        ]
        if PREDICT_DIGITS in self.cases:
            health = self.cell(PREDICT_DIGITS, SERVICE, 64)["health_p99_ms"]
            what = f"p99 of /health/live under {PREDICT_DIGITS.title}, connections: 64"
            goals.append(Goal(what, HEALTH_MS, health, "ms", at_least=False))
        return goals

    def _find(self, kind: str, **wanted: str | int) -> dict[str, float]:
        return next(each for each in self.run[kind] if wanted.items() <= each.items())


def read_figures(file: Path = MEASUREMENTS) -> Figures:
    """Return what was measured last."""
    return Figures(json.loads(file.read_text(encoding="utf-8")))


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure over some rounds."""
    return {name: round(statistics.median(each[name] for each in rounds), 4) for name in rounds[0]}
