"""Pages of docs/ as tests read them: their fenced code blocks."""

import re
from typing import NamedTuple

from answers import TEMPLATE


class Block(NamedTuple):
    """A code block of a page."""

    language: str
    text: str


def read_blocks(name: str) -> list[Block]:
    """Return the code blocks of a page of docs/, in order."""
    page = (TEMPLATE / "docs" / name).read_text(encoding="utf-8")
    return [Block(*found) for found in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]


def select(blocks: list[Block], language: str) -> list[str]:
    """Return the texts of the blocks in a language."""
    return [block.text for block in blocks if block.language == language]
