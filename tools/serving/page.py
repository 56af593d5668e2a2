"""Write docs/serving.md and its chart from what was measured: part of `make docs`."""

from page import fill
from project import TEMPLATE

from serving import stacks
from serving.charts import draw_rates
from serving.figures import Figures, read_figures

DOCS = TEMPLATE / "docs"


def make_files(figures: Figures) -> dict[str, str]:
    """Return the page and its chart by the names of their files."""
    page = fill("serving.md.j2", figures=figures, stacks=stacks)
    return {"serving.md": page, "serving-rates.svg": draw_rates(figures)}


def write_page() -> None:
    """Write the page and the chart."""
    for name, text in make_files(read_figures()).items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page()
