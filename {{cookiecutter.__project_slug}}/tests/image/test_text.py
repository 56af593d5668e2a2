import pytest
from small_image import small_image

from image.naive import Naive
from image.text import draw_bar, draw_table, in_megabytes, summarize, write_report

LAYERLESS = [("ADD", {"etc/os": b"x"}), ("LABEL org.opencontainers.image.base.name=python:3.13-small", None)]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 kB"),
        (426_355, "426 kB"),
        (1_040_000, "1.0 MB"),
        (99_940_000, "99.9 MB"),
        (99_960_000, "100 MB"),
    ],
)
def test_a_size_has_a_unit_and_three_digits_or_so(size: int, text: str) -> None:
    assert in_megabytes(size) == text


def test_the_largest_has_the_longest_bar_and_nothing_has_none() -> None:
    assert draw_bar(8, 8) == "█" * 24
    assert draw_bar(4, 8) == "█" * 12
    assert draw_bar(0, 8) == ""


def test_the_columns_of_a_table_are_even_and_numbers_end_in_line() -> None:
    assert draw_table(["name", "size:"], [["a", "1 MB"], ["longer", "10 MB"]]).splitlines() == [
        "| name   |  size |",
        "| ------ | ----: |",
        "| a      |  1 MB |",
        "| longer | 10 MB |",
    ]


def test_the_summary_says_what_is_left_of_the_budget_or_missing() -> None:
    image = small_image()
    assert summarize(image, image.added + 2_000).endswith("leaves 2 kB.")
    assert summarize(image, image.added - 2_000).endswith("is exceeded by 2 kB.")


def test_the_report_has_layers_packages_and_the_naive_image() -> None:
    text = write_report("demo", small_image(), 2_000, Naive("python:3.13", 20_000, 2_000), "")
    assert "| base image  | 2 kB |" in text
    assert "`COPY /bytecode /`" in text
    assert "| demo-pack 1.0 | 1 kB |" in text
    assert "All 3 packages have 1 kB of files." in text
    assert "| naive    | 22 kB |" in text
    assert "The naive image is 8.2 times as large" in text


def test_the_report_says_why_there_is_no_naive_image() -> None:
    assert write_report("demo", small_image(), 2_000, None, "it rains").endswith("There is none: it rains.\n")


def test_an_image_without_packages_has_a_report() -> None:
    assert "All 0 packages" in write_report("demo", small_image(LAYERLESS), 2_000, None, "it rains")
