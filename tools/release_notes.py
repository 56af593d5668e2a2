"""Print what CHANGELOG.md says of the version in pyproject.toml: the text of its release."""

import re
import sys
import tomllib
from pathlib import Path

TEMPLATE = Path(__file__).parents[1]


def find_section(changelog: str, version: str) -> str:
    """Return the section of a version without its heading; nothing if there is none."""
    heading = rf"^## \[?{re.escape(version)}\]?(?: [^\n]*)?\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)
    return found.group(1).strip() if found else ""


def main() -> None:
    """Print the section; without one there is no release."""
    project = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    section = find_section((TEMPLATE / "CHANGELOG.md").read_text(encoding="utf-8"), project["version"])
    if not section:
        sys.exit(f"CHANGELOG.md has no section {project['version']}: write one before the release.")
    sys.stdout.write(f"{section}\n")


if __name__ == "__main__":
    main()
