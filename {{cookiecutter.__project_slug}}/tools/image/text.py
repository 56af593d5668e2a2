"""The report as text: Markdown, in columns, so that it reads as well in a terminal."""

from collections.abc import Sequence
from itertools import zip_longest

from image.layers import Image
from image.naive import METHOD, Naive
from image.packages import Package, describe, is_byte_code, list_packages

WIDTH = 24  # characters of the longest bar
SHOWN = 10  # packages
EIGHTHS = " ▏▎▍▌▋▊▉"


def in_megabytes(size: int) -> str:
    """Return a number of bytes with its unit, in three digits or so."""
    if size < 999_500:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.0f} MB" if size >= 99_950_000 else f"{size / 1e6:.1f} MB"


def draw_bar(size: int, largest: int) -> str:
    """Return a bar in eighths of a character."""
    eighths = round(8 * WIDTH * size / largest)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def draw_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown whose columns are even; a heading that ends in a colon has numbers below."""
    right = [name.endswith(":") for name in head]
    lines = [[name.rstrip(":") for name in head], *rows]
    widths = [max(map(len, column)) for column in zip_longest(*lines, fillvalue="")]
    rule = [
        "-" * (width - 1) + ":" if last else "-" * width for width, last in zip(widths, right, strict=True)
    ]
    aligned = [
        [
            cell.rjust(width) if last else cell.ljust(width)
            for cell, width, last in zip(line, widths, right, strict=True)
        ]
        for line in lines
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in [aligned[0], rule, *aligned[1:]])


def draw_comparison(image: Image, naive: Naive) -> str:
    """Return the table of the image and the naive one."""
    images: dict[str, Image | Naive] = {"naive": naive, "this one": image}
    rows = [
        [name, in_megabytes(one.size), in_megabytes(one.added), draw_bar(one.size, naive.size)]
        for name, one in images.items()
    ]
    return draw_table(["image", "size:", "above its base:", ""], rows)


def draw_layers(image: Image) -> str:
    """Return the table of the layers, the base image's as one, in the order in which they lie."""
    parts = [("base image", f"FROM {image.base_name}", image.base_size)]
    parts += [(describe(layer, image), f"`{layer.instruction}`", layer.size) for layer in image.layers]
    largest = max(size for _, _, size in parts)
    rows = [[name, in_megabytes(size), draw_bar(size, largest), made_by] for name, made_by, size in parts]
    return draw_table(["layer", "size:", "", "made by"], rows)


def draw_packages(packages: Sequence[Package]) -> str:
    """Return the table of the largest packages; byte code apart."""
    largest = packages[0].size if packages else 0
    rows = [
        [
            f"{package.name} {package.version}".strip(),
            in_megabytes(package.size),
            draw_bar(package.size, largest),
            in_megabytes(package.files),
            in_megabytes(package.byte_code) if package.byte_code else "",
        ]
        for package in packages[:SHOWN]
    ]
    return draw_table(["package", "size:", "", "files:", "byte code:"], rows)


def summarize(image: Image, budget: int) -> str:
    """Return the sizes and the budget, in two sentences."""
    left = budget - image.added
    room = f"leaves {in_megabytes(left)}" if left >= 0 else f"is exceeded by {in_megabytes(-left)}"
    return (
        f"{in_megabytes(image.size)} in all: {in_megabytes(image.base_size)} for the base image "
        f"{image.base_name}, and {in_megabytes(image.added)} above it.\n"
        f"The budget of {in_megabytes(budget)} above the base {room}."
    )


def sum_up(image: Image, packages: Sequence[Package]) -> str:
    """Return what all packages and all byte code come to, in a sentence."""
    installed = sum(package.files for package in packages)
    byte_code = sum(file.size for file in image.files if is_byte_code(file.path))
    return (
        f"All {len(packages)} packages have {in_megabytes(installed)} of files. "
        f"All byte code, the standard library's and the application's too, has {in_megabytes(byte_code)}."
    )


def write_report(name: str, image: Image, budget: int, naive: Naive | None, reason: str) -> str:
    """Return the whole report; without a naive image, the reason."""
    packages = list_packages(image)
    comparison = f"There is none: {reason}."
    if naive is not None:
        comparison = (
            f"{draw_comparison(image, naive)}\n\nThe naive image is {naive.size / image.size:.1f} times "
            f"as large: {naive.base_name}, {METHOD}, the same packages with all that they ask for."
        )
    return f"""\
# The image {name}

{summarize(image, budget)}

## Layers

{draw_layers(image)}

## The largest packages

{draw_packages(packages)}

{sum_up(image, packages)}

## A naive image

{comparison}
"""
