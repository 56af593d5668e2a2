"""The chart of docs/serving.md: made of the figures alone, the same bytes on every run."""

from charts import BLUE, GREY, ORANGE, SILVER, styled, to_svg
from matplotlib.figure import Figure

from serving.figures import Figures
from serving.stacks import BEFORE, SERVICE, TITLES, TUTORIAL

COLOURS = {SERVICE: BLUE, TUTORIAL: ORANGE, BEFORE: SILVER}


def draw_rates(figures: Figures) -> str:
    """Return requests per second as bars, a panel for each case, as SVG."""
    stacks, connections = figures.stacks, figures.connections
    width = 0.8 / len(stacks)
    with styled():
        chart = Figure(figsize=(9.6, 6.4), layout="constrained")
        panels = chart.subplots(2, 2).flat
        for axes, case in zip(panels, figures.cases, strict=True):
            for number, stack in enumerate(stacks):
                shift = (number - (len(stacks) - 1) / 2) * width
                places = [place + shift for place in range(len(connections))]
                rates = [figures.cell(case, stack, each)["rate"] for each in connections]
                bars = axes.bar(places, rates, width * 0.9, color=COLOURS[stack], label=TITLES[stack])
                if stack == SERVICE:
                    ratios = [f"{figures.ratio(case, each):.1f}×" for each in connections]
                    axes.bar_label(bars, ratios, padding=2, color=COLOURS[stack], weight="bold")
            axes.set_title(case.title)
            axes.set_xticks(range(len(connections)), [str(each) for each in connections])
            axes.margins(y=0.12)
            axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.grid(axis="y", color=GREY, alpha=0.25)
            axes.set_axisbelow(True)
        chart.supxlabel("connections")
        chart.supylabel("requests per second")
        handles, labels = axes.get_legend_handles_labels()
        chart.legend(handles, labels, loc="outside upper center", ncols=len(stacks), frameon=False)
        return to_svg(chart)
