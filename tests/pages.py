"""Pages of docs/ as tests read them: blocks of Python, commands, and what is said to be printed."""

import re

from answers import TEMPLATE


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
