"""The report as a picture: one SVG, legible on light and on dark, the same bytes for the same image."""

from html import escape
from typing import NamedTuple

from image.layers import Image
from image.naive import METHOD, Naive
from image.packages import describe
from image.text import in_megabytes

WIDTH, MARGIN = 880, 28
INNER = WIDTH - 2 * MARGIN
LABEL = 64  # pixels that a size needs
LENS = 36  # pixels from the small bar of the image to the large one
# White can be read on every part, and every part can be told from white and from black.
STYLE = """
  text { font: 14px system-ui, "DejaVu Sans", sans-serif; fill: #1f2328; }
  .title { font-size: 20px; font-weight: 600; }
  .soft, .code { fill: #59636e; }
  .code { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; }
  .size { font-weight: 600; text-anchor: end; }
  .end { text-anchor: end; }
  .label { font-size: 12px; font-weight: 600; text-anchor: middle; fill: #ffffff; }
  .page { fill: #ffffff; }
  .room { fill: #eaeef2; }
  .budget { stroke: #1f2328; stroke-width: 2; }
  .naive-base { fill: #818b98; }
  .naive { fill: #59636e; }
  .base-image { fill: #6e7781; }
  .interpreter { fill: #8957e5; }
  .packages { fill: #1f6feb; }
  .byte-code { fill: #9e6a03; }
  .application { fill: #238636; }
  .other-files { fill: #bf4b8a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .soft, .code { fill: #9198a1; }
    .page { fill: #0d1117; }
    .room { fill: #212830; }
    .budget { stroke: #f0f6fc; }
  }
"""


class Part(NamedTuple):
    """A coloured part of a bar; its size in bytes."""

    name: str
    made_by: str
    size: int

    @property
    def style(self) -> str:
        """Return the name of the part as a style."""
        return self.name.replace(" ", "-")


def text(x: float, y: float, content: str, style: str = "") -> str:
    """Return a line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(content)}</text>'


def bar(x: float, y: float, width: float, height: float, style: str) -> str:
    """Return a bar that ends where the next one can be told from it; whatever is small can still be seen."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width - 1, 1):.1f}" height="{height}" class="{style}"/>'
    )


def list_parts(image: Image) -> list[Part]:
    """Return the parts of an image, from the base up."""
    base = Part("base image", image.base_name, image.base_size)
    return [base, *(Part(describe(layer, image), layer.instruction, layer.size) for layer in image.layers)]


def stack(parts: list[Part], y: float, height: float, scale: float) -> list[str]:
    """Return parts side by side, those that are wide enough with their size; scale in pixels for a byte."""
    drawn, x = [], float(MARGIN)
    for part in parts:
        width = part.size * scale
        drawn.append(bar(x, y, width, height, part.style))
        if width > LABEL:
            drawn.append(text(x + width / 2, y + height / 2 + 5, in_megabytes(part.size), "label"))
        x += width
    return drawn


def draw_comparison(parts: list[Part], image: Image, naive: Naive, y: float) -> list[str]:
    """Return both images on one scale."""
    scale = INNER / max(naive.size, image.size)
    times = f"the naive image is {naive.size / image.size:.1f} times as large"
    naive_parts = [Part("naive base", "", naive.base_size), Part("naive", "", naive.added)]
    return [
        text(MARGIN, y, f"naive image, {in_megabytes(naive.size)}: {naive.base_name}, {METHOD}", "soft"),
        *stack(naive_parts, y + 10, 28, scale),
        text(MARGIN, y + 64, f"this image, {in_megabytes(image.size)}: {times}", "soft"),
        *stack(parts, y + 74, 28, scale),
    ]


def draw_lens(above: float, below: float, y: float) -> str:
    """Return what opens from the one bar of an image down to the other; their widths in pixels."""
    right = f"H{MARGIN + above:.1f} L{MARGIN + below:.1f} {y + LENS}"
    return f'<path d="M{MARGIN} {y} {right} H{MARGIN} Z" class="room"/>'


def draw_layers(parts: list[Part], image: Image, budget: int, y: float) -> list[str]:
    """Return the image as wide as can be, where its budget ends, and what each part is."""
    most = image.base_size + budget
    scale = INNER / max(most, image.size)
    border = MARGIN + most * scale
    drawn = [
        bar(MARGIN, y, INNER, 44, "room"),
        *stack(parts, y, 44, scale),
        f'<path d="M{border:.1f} {y - 4} V{y + 54}" class="budget"/>',
        text(border, y + 72, f"budget: {in_megabytes(budget)} above the base image", "soft end"),
    ]
    for number, part in enumerate(parts):
        line = y + 108 + 28 * number
        drawn += [
            bar(MARGIN, line - 12, 15, 14, part.style),
            text(MARGIN + 24, line, part.name),
            text(MARGIN + 230, line, in_megabytes(part.size), "size"),
            text(MARGIN + 256, line, part.made_by, "code"),
        ]
    return drawn


def draw_picture(name: str, image: Image, budget: int, naive: Naive | None) -> str:
    """Return the picture of an image, and of the naive one above it if there is one."""
    parts = list_parts(image)
    top = 68
    drawn = [text(MARGIN, 42, f"{name}: {in_megabytes(image.size)}", "title")]
    if naive is not None:
        drawn += draw_comparison(parts, image, naive, 76)
        above, below = (image.size / max(most, image.size) for most in (naive.size, image.base_size + budget))
        drawn.append(draw_lens(INNER * above, INNER * below, 180))
        top = 182 + LENS
    height = top + 108 + 28 * len(parts)
    drawn += draw_layers(parts, image, budget, top)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>{escape(name)}: {in_megabytes(image.size)}</title>\n<style>{STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" class="page"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )
