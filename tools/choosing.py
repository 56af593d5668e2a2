"""Write docs/choosing.md from the table of facts and from what was measured: `make docs`."""

import json

from answers import DEFAULTS, TABLE, TEMPLATE
from page import fill

MEASUREMENTS = TEMPLATE / "docs" / "measurements.json"
PAGE = TEMPLATE / "docs" / "choosing.md"


def make_page() -> str:
    """Return the text of the page."""
    measured = json.loads(MEASUREMENTS.read_text(encoding="utf-8"))

    def cell(**answers: str) -> dict | None:
        """Return what was measured with these answers, the others as they are by default."""
        wanted = DEFAULTS | answers
        found = [each for each in measured["cells"] if wanted.items() >= each["answers"].items()]
        return found[0] if found else None

    return fill("choosing.md.j2", table=TABLE, measured=measured, cell=cell)


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(make_page(), encoding="utf-8")


if __name__ == "__main__":
    write_page()
