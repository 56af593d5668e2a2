"""Write docs/measurements.md, its chart and docs/choosing.md from what was measured: part of `make docs`."""

from answers import TABLE
from charts import BLUE, GREY, ORANGE, styled, to_svg
from matplotlib.figure import Figure
from page import fill
from project import TEMPLATE

from images.figures import Cell, Figures, read_figures
from images.subject import OURS

DOCS = TEMPLATE / "docs"
# What the panels of the chart show: title, figure, unit, form.
PANELS = (
    ("image, MB", "size", 1e6, "{:,.0f}"),
    ("above its base, MB", "above_base", 1e6, "{:.1f}"),
    ("to first prediction, s", "first_prediction", 1, "{:.2f}"),
)


def draw(cells: list[Cell]) -> str:
    """Return panels side by side with a bar for each image, as SVG."""
    with styled():
        chart = Figure(figsize=(9.6, 0.7 + 0.32 * len(cells)), layout="constrained")
        panels = chart.subplots(1, len(PANELS), sharey=True)
        for axes, (title, figure, unit, form) in zip(panels, PANELS, strict=True):
            values = [cell[figure] / unit for cell in cells]
            colours = [BLUE if cell["kind"] == OURS else ORANGE for cell in cells]
            bars = axes.barh(range(len(cells)), values, color=colours)
            axes.bar_label(bars, [form.format(value) for value in values], padding=4, color=GREY)
            axes.set_title(title, loc="left")
            axes.set_yticks(range(len(cells)), [cell["title"].replace("`", "") for cell in cells])
            axes.set_xticks([])
            axes.set_xlim(0, 1.2 * max(values))
            axes.tick_params(left=False)
            axes.spines["bottom"].set_visible(False)
        panels[0].invert_yaxis()
        return to_svg(chart)


def make_files(figures: Figures) -> dict[str, str]:
    """Return the pages and the chart by the names of their files."""
    about = {"table": TABLE, "figures": figures, "sections": figures.sections}
    return {
        "choosing.md": fill("choosing.md.j2", **about),
        "measurements.md": fill("measurements.md.j2", **about),
        "images.svg": draw(figures.cells("tiny")),
    }


def write_pages() -> None:
    """Write the pages and the chart."""
    for name, text in make_files(read_figures()).items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_pages()
