import os

import pytest

from service import cgroup
from service.memory import memory_limit

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("file", "found", "limit"),
    [
        ("memory.max", ["1048576"], 1048576),
        ("memory.max", ["max", "2097152"], 2097152),
        ("memory.max", ["max"], MACHINE),
        ("memory.limit_in_bytes", ["1048576"], 1048576),
        ("memory.limit_in_bytes", ["9223372036854771712"], MACHINE),
        ("memory.max", [], MACHINE),
    ],
)
def test_the_smallest_limit_counts(
    monkeypatch: pytest.MonkeyPatch, file: str, found: list[str], limit: int
) -> None:
    monkeypatch.setattr(cgroup, "read", lambda name, _="": found if name == file else [])
    assert memory_limit() == limit
