"""What this service is called: read from `pyproject.toml`, the one place that says so."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


class About(NamedTuple):
    """The `[project]` table's name, version and description."""

    name: str
    version: str
    description: str


@cache
def about() -> About:
    """Return what `pyproject.toml` says of this project; the image carries the file for this."""
    with PYPROJECT.open("rb") as file:
        project = tomllib.load(file)["project"]
    return About(project["name"], project["version"], project["description"])
