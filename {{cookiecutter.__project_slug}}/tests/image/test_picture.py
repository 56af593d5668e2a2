from xml.etree import ElementTree

import pytest
from small_image import small_image

from image.naive import Naive
from image.picture import STYLE, draw_picture

NAIVE = Naive("python:3.13", 20_000, 2_000)


def classes(picture: str) -> list[str]:
    """Return the style of each shape, in the order in which they are drawn."""
    return [element.get("class", "") for element in ElementTree.fromstring(picture).iter()]  # noqa: S314


@pytest.mark.parametrize("naive", [None, NAIVE])
def test_the_picture_is_well_formed_and_every_style_is_known(naive: Naive | None) -> None:
    used = {
        style
        for names in classes(draw_picture("<demo>", small_image(), 2_000, naive))
        for style in names.split()
    }
    assert {"base-image", "packages", "byte-code", "application", "budget"} <= used
    assert ("naive-base" in used) == (naive is not None)
    assert all(f".{style} " in STYLE or f".{style}," in STYLE for style in used)


def test_the_parts_lie_in_the_order_of_the_layers() -> None:
    drawn = classes(draw_picture("demo", small_image(), 2_000, None))
    parts = [style for style in drawn if style in {"base-image", "packages", "byte-code", "application"}]
    assert parts[:4] == ["base-image", "packages", "byte-code", "application"]


@pytest.mark.parametrize("budget", [1, 2_000, 2_000_000])
def test_nothing_is_drawn_beyond_the_page(budget: int) -> None:
    root = ElementTree.fromstring(draw_picture("demo", small_image(), budget, NAIVE))  # noqa: S314
    width = float(root.get("viewBox", "").split()[2])
    for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(shape.get("x", 0)) + float(shape.get("width", 0)) <= width


def test_the_same_image_gives_the_same_bytes() -> None:
    first, second = (draw_picture("demo", small_image(), 2_000, NAIVE) for _ in range(2))
    assert first == second
