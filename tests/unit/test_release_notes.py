"""The text of a release of the template: the section of its version in CHANGELOG.md."""

import subprocess
import sys

import pytest
from answers import TEMPLATE
from release_notes import find_section

CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.2.0 - 2026-11-30\n\nSecond.\n\n### Added\n\n- More.\n\n"
)
CHANGELOG += "## [0.1.0]\n\nFirst.\n"


@pytest.mark.parametrize(
    ("version", "section"),
    [
        ("0.2.0", "Second.\n\n### Added\n\n- More."),
        ("0.1.0", "First."),
        ("0.1", ""),
        ("0.2.00", ""),
        ("0x2.0", ""),
    ],
)
def test_the_notes_are_the_section_of_the_version(version: str, section: str) -> None:
    assert find_section(CHANGELOG, version) == section


def test_this_version_has_notes() -> None:
    command = [sys.executable, str(TEMPLATE / "tools" / "release_notes.py")]
    result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()
    assert "\n## " not in result.stdout
