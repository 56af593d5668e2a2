"""Write docs/measurements.md, its charts and docs/choosing.md from what was measured: part of `make docs`."""

from answers import TABLE
from page import fill
from project import TEMPLATE

from images.charts import draw_all
from images.figures import Figures, read_figures
from images.subjects import RELEASES

DOCS = TEMPLATE / "docs"


def make_files(figures: Figures) -> dict[str, str]:
    """Return the pages and their charts by the names of their files."""
    about = {"table": TABLE, "figures": figures, "run": figures.run}
    return {
        "choosing.md": fill("choosing.md.j2", **about),
        "measurements.md": fill("measurements.md.j2", **about, releases=RELEASES),
    } | draw_all(figures)


def write_pages() -> None:
    """Write the pages and the charts."""
    for name, text in make_files(read_figures()).items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_pages()
