"""How much memory this container may still use: a model that needs more is refused, not killed.

Whatever the kernel can drop counts as free, such as files that were read or mapped. So nothing is refused
that would work; a model that fits by this measure may still be killed, because loading takes more than the
file's size.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.errors import ModelError
from service.resources import cgroup

MEMINFO = Path("/proc/meminfo")
# What the kernel cannot drop: memory of processes, and files that exist in memory alone.
VERSION_2 = ("memory.max", ("anon", "shmem"))
VERSION_1 = ("memory.limit_in_bytes", ("total_rss", "total_shmem"))


class Room(NamedTuple):
    """What a control group may use, and what of it is free, in bytes."""

    limit: int
    free: int


def require_room(file: Path) -> None:
    """Raise `ModelError` if the content of a file cannot fit into memory."""
    size = file.stat().st_size
    room = min(find_rooms(), key=lambda room: room.free, default=None)
    if room and size > room.free:
        raise ModelError(
            f"{file} has {mebibytes(size)}, and of the {mebibytes(room.limit)} of memory that this container "
            f"may use {mebibytes(room.free)} are free: raise MEMORY_LIMIT"
        )


def memory_limit() -> int:
    """Return the bytes that this process may use; without a limit, those that the machine has."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *(room.limit for room in find_rooms())])


def find_rooms() -> Iterator[Room]:
    """Give the room in each control group around this process that has a limit."""
    swap = read_table(MEMINFO).get("SwapFree:", 0) * 1024
    for controller, (limit_file, held) in {"": VERSION_2, "memory": VERSION_1}.items():
        for group in cgroup.find_groups(controller):
            limit = read_number(group / limit_file)
            if limit is not None:
                used = read_table(group / "memory.stat")
                yield Room(limit, max(0, limit - sum(used.get(key, 0) for key in held)) + swap)


def read_number(file: Path) -> int | None:
    """Return the number that a file holds; none if there is no such file, or if it says `max`."""
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text())
    return None


def read_table(file: Path) -> dict[str, int]:
    """Return the numbers of a file with a name and a number in each line; nothing if it cannot be read."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0]: int(words[1]) for words in lines}


def mebibytes(size: int) -> str:
    """Write a size as people set limits."""
    return f"{size / 2**20:.0f} MiB"
