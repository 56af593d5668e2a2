"""How much memory this container may use."""

import contextlib
import os
from pathlib import Path

# Where a container finds its own limit: version 2 of control groups, and version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_limit(files: tuple[Path, ...] = LIMITS) -> int:
    """Return the bytes that this container may use; without a limit, those that the machine has."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for file in files:
        with contextlib.suppress(OSError, ValueError):  # no such version, or the word "max"
            limits.append(int(file.read_text(encoding="ascii")))
    return min(limits)
