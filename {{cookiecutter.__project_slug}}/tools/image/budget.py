"""What the project allows its image: `budget-mb` under `[tool.image]` in pyproject.toml."""

import tomllib
from pathlib import Path

from image.layers import ImageError

MEGABYTE = 1_000_000


def read_budget(pyproject: Path) -> int:
    """Return the bytes that the image may have above its base.

    Raises `ImageError` when the project states no number.
    """
    try:
        tools = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        raise ImageError(f"there is no {pyproject} here: run this where it is") from None
    except tomllib.TOMLDecodeError as error:
        raise ImageError(f"{pyproject} is no TOML: {error}") from None
    image = tools.get("image")
    budget = image.get("budget-mb") if isinstance(image, dict) else None
    if budget is None:
        raise ImageError(
            f"{pyproject} states no budget: set budget-mb under [tool.image], in megabytes above the base"
        )
    if not isinstance(budget, int | float) or isinstance(budget, bool) or not 0 < budget < float("inf"):
        raise ImageError(f"budget-mb in {pyproject} is {budget!r}: set a number of megabytes above 0")
    return round(budget * MEGABYTE)
