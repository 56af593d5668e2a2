"""The charts of docs/measurements.md: a bar for each image, the template's own in a colour of their own."""

from typing import Any

from charts import BLUE, GREY, ORANGE, SILVER, styled, to_svg
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from images.figures import Figures
from images.subject import LESSON, NO_BYTE_CODE, OURS

Cell = dict[str, Any]
# What a panel shows: its title, which figure, in units of what, and how it is written.
Panel = tuple[str, str, float, str]
COLOURS = {OURS: BLUE, LESSON: ORANGE, NO_BYTE_CODE: SILVER}
SIZE: Panel = ("image, MB", "size", 1e6, "{:,.0f}")
ABOVE: Panel = ("of that above its base, MB", "above_base", 1e6, "{:.1f}")
ANSWER: Panel = ("start to first 200, s", "first_answer", 1, "{:.2f}")
PREDICTION: Panel = ("start to first prediction, s", "first_prediction", 1, "{:.2f}")
COLD: Panel = ("nothing cached, s", "cold", 1, "{:.1f}")
CODE: Panel = ("code changed, s", "code_changed", 1, "{:.1f}")
DEPENDENCY: Panel = ("dependency changed, s", "dependency_changed", 1, "{:.1f}")
INSTALL: Panel = ("the install alone, s", "install", 1, "{:.1f}")


def draw_panel(axes: Axes, cells: list[Cell], panel: Panel) -> None:
    """Draw one bar for each image, the first on top, with its value beside it."""
    title, figure, unit, form = panel
    values = [cell[figure] / unit for cell in cells]
    bars = axes.barh(range(len(cells)), values, color=[COLOURS[cell["kind"]] for cell in cells])
    axes.bar_label(bars, [form.format(value) for value in values], padding=4, color=GREY)
    axes.set_title(title, loc="left")
    axes.set_yticks(range(len(cells)), [cell["title"].replace("`", "") for cell in cells])
    axes.set_xticks([])
    axes.set_xlim(0, 1.2 * max(values))
    axes.tick_params(left=False)
    axes.spines["bottom"].set_visible(False)


def draw(cells: list[Cell], *panels: Panel) -> str:
    """Return a chart of panels side by side, which name the images once, as SVG."""
    with styled():
        chart = Figure(figsize=(9.6, 0.7 + 0.32 * len(cells)), layout="constrained")
        for axes, panel in zip(chart.subplots(1, len(panels), sharey=True), panels, strict=True):
            draw_panel(axes, cells, panel)
        chart.axes[0].invert_yaxis()
        return to_svg(chart)


def draw_all(figures: Figures) -> dict[str, str]:
    """Return every chart by the name of its file."""
    tiny, services, managers = (figures.run[kind] for kind in ("tiny", "services", "managers"))
    return {
        "images-sizes.svg": draw(tiny, SIZE, ABOVE),
        "images-starts.svg": draw(tiny, ANSWER, PREDICTION),
        "images-builds.svg": draw(tiny, COLD, CODE, DEPENDENCY),
        "images-services.svg": draw(services, SIZE, PREDICTION),
        "images-managers.svg": draw(managers, COLD, DEPENDENCY, INSTALL),
    }
