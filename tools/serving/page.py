"""Write docs/serving.md and its charts from what was measured: part of `make docs`."""

from page import fill
from project import TEMPLATE as REPOSITORY

from serving import stacks
from serving.charts import draw_all
from serving.figures import CONNECTIONS, Figures, read_figures

DOCS = REPOSITORY / "docs"


def make_files(figures: Figures) -> dict[str, str]:
    """Return the page and its charts by the names of their files."""
    page = fill("serving.md.j2", figures=figures, stacks=stacks, connections=CONNECTIONS)
    return {"serving.md": page} | draw_all(figures)


def write_page() -> None:
    """Write the page and the charts."""
    for name, text in make_files(read_figures()).items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page()
