"""What was measured, as table, charts and page need it: medians, ratios, goals."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measured import Goal
from project import TEMPLATE as REPOSITORY

from serving.stacks import TEMPLATE, TUTORIAL, Stack

MEASUREMENTS = REPOSITORY / "docs" / "serving.json"
CONNECTIONS = (1, 16, 64, 256)
# Where the load is full: more connections than a batch has rows.
FULL = (64, 256)


@dataclass(frozen=True)
class Figures:
    """All figures of one run."""

    run: dict[str, Any]

    def cell(self, model: str, stack: Stack, connections: int) -> dict[str, float]:
        """Return rate and latencies of a stack under one load."""
        return self._find("cells", model=model, stack=stack.name, connections=connections)

    def process(self, model: str, stack: Stack) -> dict[str, float]:
        """Return memory after load (bytes) and time from start to the first answer (seconds)."""
        return self._find("processes", model=model, stack=stack.name)

    def ratio(self, model: str, stack: Stack, connections: int) -> float:
        """Return how many requests this template answers for each of that stack."""
        rates = [self.cell(model, each, connections)["rate"] for each in (TEMPLATE, stack)]
        return rates[0] / rates[1]

    def memory_ratio(self, model: str) -> float:
        """Return the memory of this template in that of the tutorial."""
        ours, theirs = (self.process(model, each)["memory"] for each in (TEMPLATE, TUTORIAL))
        return ours / theirs

    def goals(self) -> list[Goal]:
        """Return what was promised against the tutorial, and what came of it."""
        goals = []
        for model, factor in (("tiny", 2.0), ("medium", 6.0)):
            one, many = (self.ratio(model, TUTORIAL, connections) for connections in (1, 64))
            memory = self.memory_ratio(model)
            goals += [
                Goal(f"requests per second at 1 connection, {model}", 1.0, one, "×", at_least=True),
                Goal(f"requests per second at 64 connections, {model}", factor, many, "×", at_least=True),
                *(self._health_goal(model, connections) for connections in FULL),
                Goal(f"memory after load, {model}", 1.2, memory, "×", at_least=False),
            ]
        return goals

    def _health_goal(self, model: str, connections: int) -> Goal:
        what = f"p99 of `/health/live` at {connections} connections, {model}"
        found = self.cell(model, TEMPLATE, connections)["health_p99_ms"]
        return Goal(what, 25.0, found, "ms", at_least=False)

    def _find(self, kind: str, **wanted: str | int) -> dict[str, float]:
        return next(each for each in self.run[kind] if wanted.items() <= each.items())


def read_figures(file: Path = MEASUREMENTS) -> Figures:
    """Return what was measured last."""
    return Figures(json.loads(file.read_text(encoding="utf-8")))


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure over some rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
