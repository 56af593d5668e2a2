"""How charts look: legible on white and on black, the same bytes for the same figures."""

from io import StringIO

import matplotlib as mpl
from matplotlib.figure import Figure

GREY = "#7d858e"
BLUE, ORANGE, SILVER = "#2f81f7", "#c4772b", "#8b949e"
STYLE = {
    "svg.hashsalt": "charts",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 11,
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.titlecolor": GREY,
    "axes.titlesize": 12,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def styled() -> "mpl.RcParams":
    """Return the context in which a chart is drawn and written."""
    return mpl.rc_context(STYLE)


def to_svg(chart: Figure) -> str:
    """Return a chart as SVG, without a date; the page shows through."""
    svg = StringIO()
    chart.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in svg.getvalue().splitlines()) + "\n"
