"""Lock newer releases: `make locks` calls this, then runs the tests that prove the new locks.

Two facts change. The date up to which releases are locked stands in the table of facts, for generated
projects, and in pyproject.toml, for the template's own tools; the newest releases are given a few days to
be found bad by others. (The training script keeps its own date, so that it gives the same model.) And the
names of all locked distributions, which no project may bear, are read from locks made anew.
"""

import json
import re
import sys
import tempfile
import textwrap
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from project import TEMPLATE, render, run

DAYS_TO_RIPEN = 3
FACTS = TEMPLATE / "cookiecutter.json"


def replace(path: Path, pattern: str, text: str) -> None:
    """Replace what stands once in a file between the two groups of a pattern."""
    found, count = re.subn(pattern, rf"\g<1>{text}\g<2>", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    if count != 1:
        sys.exit(f"{path.name} holds {pattern} {count} times, not once: put it right before locking anew.")
    path.write_text(found, encoding="utf-8")


def find_distributions() -> set[str]:
    """Return the names of all distributions that the locks of generated projects hold."""
    names = set()
    runtimes = json.loads(FACTS.read_text(encoding="utf-8"))["_model_runtimes"]
    for runtime in runtimes:
        with tempfile.TemporaryDirectory() as directory:
            project = render({"model_runtime": runtime}, Path(directory), hooks=False)
            run(["uv", "lock"], project)
            lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
            names |= {package["name"] for package in lock["package"]} - {project.name}
    return names


def main() -> None:
    """Move the date, lock, write the names down."""
    day = f"{datetime.now(UTC) - timedelta(days=DAYS_TO_RIPEN):%Y-%m-%d}"
    replace(FACTS, r'("_exclude_newer": ")[^"]*(")', f"{day}T00:00:00Z")
    replace(TEMPLATE / "pyproject.toml", r'(^exclude-newer = ")[^"]*(")', f"{day}T00:00:00Z")
    names = json.dumps(sorted(find_distributions()))[1:-1]
    lines = textwrap.indent(textwrap.fill(names, 106, break_on_hyphens=False), "    ")
    replace(FACTS, r'("_distributions": \[\n).*?(\n  \])', lines)
    sys.stdout.write(f"Releases up to {day} are locked from now on.\n")


if __name__ == "__main__":
    main()
