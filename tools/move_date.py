"""Move the one date up to which releases are locked: `make locks` calls this, then runs the tests.

The date stands in the table of facts, for generated projects, and in pyproject.toml, for the template's
own tools. The newest releases are given a few days to be found bad by others.
"""

import re
import sys
from datetime import UTC, datetime, timedelta

from project import TEMPLATE

DAYS_TO_RIPEN = 3
PLACES = {
    "cookiecutter.json": r'("_exclude_newer": ")[^"]*(")',
    "pyproject.toml": r'(^exclude-newer = ")[^"]*(")',
}


def main() -> None:
    """Write the date of some days ago wherever the date stands."""
    day = datetime.now(UTC) - timedelta(days=DAYS_TO_RIPEN)
    for name, pattern in PLACES.items():
        path = TEMPLATE / name
        date = rf"\g<1>{day:%Y-%m-%d}T00:00:00Z\g<2>"
        text, count = re.subn(pattern, date, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if count != 1:
            sys.exit(f"{name} holds the date {count} times, not once: put it back before moving it.")
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"Releases up to {day:%Y-%m-%d} are locked from now on.\n")


if __name__ == "__main__":
    main()
