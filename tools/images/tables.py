"""The tables that the benchmark prints, and that docs/measurements.md shows with more words."""

from collections.abc import Iterable
from typing import Any

from answers import name
from rich.table import Table

from images.figures import Figures

Row = tuple[str, ...]


def mb(size: float) -> str:
    """Return bytes as megabytes."""
    return f"{size / 1e6:.1f}"


def kb(size: float) -> str:
    """Return bytes as kilobytes."""
    return f"{size / 1e3:,.1f}"


def s(seconds: float) -> str:
    """Return seconds to the hundredth."""
    return f"{seconds:.2f}"


SIZES = {"size": ("MB", mb), "above_base": ("above base", mb)}
STARTS = {"first_answer": ("first 200, s", s), "first_prediction": ("prediction, s", s)}
REBUILDS = {
    "unchanged": ("unchanged, s", s),
    "code_changed": ("a line changed, s", s),
    "pushed": ("pushes kB", kb),
}
DEPENDENCY = {"dependency_changed": ("a dependency changed, s", s)}
COLD = {"cold": ("cold build, s", s)}
PARTS = {part: (part, mb) for part in ("interpreter", "dependencies", "bytecode", "application")}
READY = {
    "up_to_ready": ("up to ready, s", s),
    "start_to_ready": ("start to ready, s", s),
    "stop": ("stop, s", s),
}
COLUMNS = {
    "tiny": SIZES | STARTS | COLD | REBUILDS | DEPENDENCY,
    "services": SIZES | STARTS | REBUILDS,
    "managers": COLD | DEPENDENCY | {"install": ("of that the install, s", s)},
    "choices": SIZES | PARTS | READY,
}
TITLES = {
    "tiny": "The tiny application",
    "services": "A service with a model",
    "managers": "Builds of the default service",
    "choices": "Each answer",
}


def make_table(kind: str, cells: Iterable[dict[str, Any]]) -> Table:
    """Return the table of one kind of cells."""
    table = Table(title=TITLES[kind])
    table.add_column("", no_wrap=True)
    for title, _ in COLUMNS[kind].values():
        table.add_column(title, justify="right")
    for cell in cells:
        shown = (form(cell[key]) for key, (_, form) in COLUMNS[kind].items())
        table.add_row(cell.get("title") or name(cell["answers"]), *shown)
    return table


def list_tables(figures: Figures) -> list[Table]:
    """Return the tables of a run."""
    return [make_table(kind, figures.run[kind]) for kind in COLUMNS]
