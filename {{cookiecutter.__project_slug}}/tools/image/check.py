"""`make image-check`: the image keeps within the budget that the project states."""

import sys
from pathlib import Path

from image import docker
from image.budget import read_budget
from image.layers import Image, ImageError
from image.packages import list_packages
from image.text import in_megabytes

NAMED = 3  # layers and packages in the sentence of a failure


def main() -> None:
    """Say in one line how much room is left, or fail with one sentence."""
    try:
        budget = read_budget(Path("pyproject.toml"))
        print(check(docker.load(sys.argv[1]), budget))
    except ImageError as error:
        sys.exit(str(error))


def check(image: Image, budget: int) -> str:
    """Return how much room is left; sizes in bytes.

    Raises `ImageError` when the image is larger than the budget.
    """
    left = budget - image.added
    above = f"{in_megabytes(image.added)} above its base image"
    if left >= 0:
        return f"The image has {above}; the budget of {in_megabytes(budget)} leaves {in_megabytes(left)}."
    raise ImageError(
        f"the image has {above}, {in_megabytes(-left)} more than the budget of {in_megabytes(budget)}: "
        f"{name_largest(image)}; make it smaller, or raise budget-mb under [tool.image] in pyproject.toml"
    )


def name_largest(image: Image) -> str:
    """Name the largest layers and packages with their sizes."""
    layers = sorted(image.layers, key=lambda layer: layer.size, reverse=True)[:NAMED]
    packages = list_packages(image)[:NAMED]
    made = [f"{layer.instruction} ({in_megabytes(layer.size)})" for layer in layers]
    installed = [f"{package.name} ({in_megabytes(package.size)})" for package in packages]
    return f"the largest layers are {', '.join(made)}, the largest packages {', '.join(installed)}"


if __name__ == "__main__":
    main()
