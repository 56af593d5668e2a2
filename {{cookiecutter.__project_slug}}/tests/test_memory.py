import os
from pathlib import Path

import pytest

from service.memory import memory_limit

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("content", "limit"),
    [("1048576\n", 1048576), ("max\n", MACHINE), ("9223372036854771712\n", MACHINE)],
    ids=["a limit", "no limit", "no limit in version 1"],
)
def test_the_limit_of_the_container_is_found(tmp_path: Path, content: str, limit: int) -> None:
    file = tmp_path / "memory.max"
    file.write_text(content)
    assert memory_limit((tmp_path / "missing", file)) == limit


def test_without_a_container_the_memory_is_that_of_the_machine(tmp_path: Path) -> None:
    assert memory_limit((tmp_path / "missing",)) == MACHINE
