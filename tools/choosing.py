"""Write docs/choosing.md from the table of facts and from what was measured: `make docs`."""

import json
from pathlib import Path

from answers import DEFAULTS, TABLE, TEMPLATE
from jinja2 import Environment, FileSystemLoader, StrictUndefined

MEASUREMENTS = TEMPLATE / "docs" / "measurements.json"
PAGE = TEMPLATE / "docs" / "choosing.md"


def make_page() -> str:
    """Return the text of the page."""
    environment = Environment(  # noqa: S701 - Markdown, of nobody's input
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    measured = json.loads(MEASUREMENTS.read_text(encoding="utf-8"))

    def cell(**answers: str) -> dict | None:
        """Return what was measured with these answers, the others as they are by default."""
        wanted = DEFAULTS | answers
        found = [each for each in measured["cells"] if wanted.items() >= each["answers"].items()]
        return found[0] if found else None

    return environment.get_template("choosing.md.j2").render(table=TABLE, measured=measured, cell=cell)


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(make_page(), encoding="utf-8")


if __name__ == "__main__":
    write_page()
