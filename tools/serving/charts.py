"""The charts of docs/serving.md: made of the figures alone, the same bytes on every run."""

from collections.abc import Callable

import matplotlib as mpl
from charts import BLUE, GREEN, GREY, ORANGE, SILVER, VIOLET, styled, to_svg
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from serving.figures import CONNECTIONS, Figures
from serving.stacks import BARE, INSTALLED, MODELS, STACKS, TEMPLATE, THREADS, TUTORIAL

COLOURS = {
    TEMPLATE: BLUE,
    TUTORIAL: ORANGE,
    THREADS: VIOLET,
    INSTALLED: SILVER,
    BARE: GREEN,
}
MARKERS = {TEMPLATE: "o", TUTORIAL: "s", THREADS: "^", INSTALLED: "D", BARE: "v"}
Draw = Callable[[Axes, Figures, str], None]


def draw_rates(axes: Axes, figures: Figures, model: str) -> None:
    """Draw requests per second as bars."""
    width = 0.8 / len(STACKS)
    for number, stack in enumerate(STACKS):
        places = [place + (number - (len(STACKS) - 1) / 2) * width for place in range(len(CONNECTIONS))]
        rates = [figures.cell(model, stack, connections)["rate"] for connections in CONNECTIONS]
        bars = axes.bar(places, rates, width * 0.9, color=COLOURS[stack], label=stack.title)
        if stack is TEMPLATE:
            ratios = [f"{figures.ratio(model, TUTORIAL, connections):.1f}×" for connections in CONNECTIONS]
            axes.bar_label(bars, ratios, padding=2, color=COLOURS[stack], weight="bold")
    axes.margins(y=0.1)
    axes.yaxis.set_major_formatter("{x:,.0f}")


def draw_health(axes: Axes, figures: Figures, model: str) -> None:
    """Draw the p99 of the health check as points, on a scale of powers of ten."""
    for stack in STACKS:
        times = [figures.cell(model, stack, connections)["health_p99_ms"] for connections in CONNECTIONS]
        axes.plot(times, color=COLOURS[stack], marker=MARKERS[stack], label=stack.title)
    axes.set_yscale("log")
    axes.set_ylim(1, 10_000)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_locator(mpl.ticker.NullLocator())


def draw(figures: Figures, title: str, draw_one: Draw) -> str:
    """Return a chart with one panel for each model, as SVG."""
    with styled():
        chart = Figure(figsize=(9.6, 3.9), layout="constrained")
        panels = chart.subplots(1, len(MODELS))
        for axes, (model, layers) in zip(panels, MODELS.items(), strict=True):
            draw_one(axes, figures, model)
            axes.set_title(f"{model}, {layers}")
            axes.set_xticks(range(len(CONNECTIONS)), [str(connections) for connections in CONNECTIONS])
            axes.set_xlabel("connections")
            axes.grid(axis="y", color=GREY, alpha=0.25)
            axes.set_axisbelow(True)
        panels[0].set_ylabel(title)
        handles, labels = panels[0].get_legend_handles_labels()
        chart.legend(handles, labels, loc="outside upper center", ncols=len(STACKS), frameon=False)
        return to_svg(chart)


def draw_all(figures: Figures) -> dict[str, str]:
    """Return every chart by the name of its file."""
    return {
        "serving-rates.svg": draw(figures, "requests per second", draw_rates),
        "serving-health.svg": draw(figures, "/health/live, p99, ms", draw_health),
    }
