"""`make image-report`: what the image is made of, in words for terminal and Markdown and as a picture."""

import argparse
import sys
from pathlib import Path

from image import docker
from image.budget import read_budget
from image.layers import Image, ImageError
from image.naive import Naive, build_naive
from image.picture import draw_picture
from image.text import write_report

DIRECTORY = Path("build")
PICTURE = "image-report.svg"


def main() -> None:
    """Report, or end with one sentence."""
    parser = argparse.ArgumentParser(prog="image.report", description=__doc__)
    parser.add_argument("name", help="the image")
    parser.add_argument("--no-naive", action="store_true", help="build no naive image to compare with")
    parser.add_argument("--secret", action="append", default=[], help="for `docker build`, which builds that")
    arguments = parser.parse_args()
    try:
        report(arguments.name, None if arguments.no_naive else arguments.secret)
    except ImageError as error:
        sys.exit(str(error))


def report(name: str, secrets: list[str] | None) -> None:
    """Write the report to `build/` and to the terminal; without secrets, without a naive image.

    Raises `ImageError` when the image cannot be read or the project states no budget.
    """
    budget = read_budget(Path("pyproject.toml"))
    image = docker.load(name)
    naive, reason = compare(name, image, secrets)
    text = write_report(name, image, budget, naive, reason)
    title, body = text.split("\n\n", 1)
    DIRECTORY.mkdir(exist_ok=True)
    (DIRECTORY / PICTURE).write_text(draw_picture(name, image, budget, naive), encoding="utf-8")
    (DIRECTORY / "image-report.md").write_text(
        f"{title}\n\n![The image in a picture]({PICTURE})\n\n{body}", encoding="utf-8"
    )
    print(f"{text}\nThis is in {DIRECTORY / 'image-report.md'}, with a picture.")


def compare(name: str, image: Image, secrets: list[str] | None) -> tuple[Naive | None, str]:
    """Return the naive image, or why there is none."""
    if secrets is None:
        return None, "it was not asked for"
    try:
        return build_naive(name, image, secrets), ""
    except ImageError as error:
        return None, str(error)


if __name__ == "__main__":
    main()
