"""Write the image budgets of new projects from docs/measurements.json: `make image-megabytes`.

`_image_megabytes` in the table of facts says how many megabytes each image has above its base, and
`_tracing_megabytes` what tracing adds. `budget-mb` in a new project is a tenth above that.
"""

import json
import re

from answers import SUPPORTED
from images.figures import Figures, read_figures
from project import TEMPLATE

TABLE = TEMPLATE / "cookiecutter.json"
Sizes = dict[str, int]


def to_megabytes(size: int) -> int:
    """Return bytes as megabytes."""
    return round(size / 1e6)


def read_sizes(figures: Figures) -> tuple[dict[str, Sizes], int]:
    """Return the megabytes of each base image with each model runtime, and those that tracing adds."""
    images: dict[str, Sizes] = {}
    for base, runtime in dict.fromkeys((each["base_image"], each["model_runtime"]) for each in SUPPORTED):
        found = figures.choice(base_image=base, model_runtime=runtime)
        images.setdefault(base, {})[runtime] = to_megabytes(found["above_base"])
    traced = figures.choice(observability="tracing")
    return images, to_megabytes(traced["above_base"] - figures.choice()["above_base"])


def write_tables(table: str, images: dict[str, Sizes], tracing: int) -> str:
    """Return the table of facts with these sizes in it, and nothing else changed."""
    rows = ",\n".join(f'    "{base}": {json.dumps(sizes)}' for base, sizes in images.items())
    for key, old, new in (
        ("_image_megabytes", r"\{.*?\}(?=,\n  \")", f"{{\n{rows}\n  }}"),
        ("_tracing_megabytes", r"\d+", str(tracing)),
    ):
        table, found = re.subn(rf'(?ms)^  "{key}": {old}', f'  "{key}": {new}', table)
        if found != 1:
            raise ValueError(f"{key} is not found once in the table of facts")
    return table


def main() -> None:
    """Write the sizes that were measured last."""
    table = TABLE.read_text(encoding="utf-8")
    TABLE.write_text(write_tables(table, *read_sizes(read_figures())), encoding="utf-8")


if __name__ == "__main__":
    main()
