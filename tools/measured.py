"""What every benchmark needs: the goals that it is held to, and a reason to give up."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime


class MeasurementError(Exception):
    """Why nothing can be measured, in one sentence."""


@dataclass(frozen=True)
class Goal:
    """Something that was promised, and what came of it."""

    what: str
    bound: float
    found: float
    unit: str
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether the promise is kept."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    def __str__(self) -> str:
        """Return the line that a benchmark prints."""
        verdict, sign = "met   " if self.met else "MISSED", "≥" if self.at_least else "≤"
        return f"{verdict} {self.what}: {self.found:.2f} {self.unit} ({sign} {self.bound:g})"


def surroundings() -> dict[str, str]:
    """Return when and where this runs."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine}
