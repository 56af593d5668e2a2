"""How much memory this container may use."""

import os

from service import cgroup


def memory_limit() -> int:
    """Return the bytes that this process may use; without a limit, those that the machine has."""
    limits = cgroup.read("memory.max") + cgroup.read("memory.limit_in_bytes", "memory")
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *(int(limit) for limit in limits if limit != "max")])
