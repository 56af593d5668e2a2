"""What the container may use: its limits of CPU and memory (Linux control groups, version 2)."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def count_cpus() -> int:
    """Return how many CPUs this process may use at once, at least 1."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = read("cpu.max").partition(" ")
    if quota.isdigit():
        cpus = min(cpus, int(quota) // int(period))
    return max(cpus, 1)


def memory_limit() -> int | None:
    """Return the container's memory limit in bytes, if it has one."""
    limit = read("memory.max")
    return int(limit) if limit.isdigit() else None


def read(name: str) -> str:
    """Return the content of a control file; empty if there is none, as outside a container."""
    try:
        return (CGROUP / name).read_text().strip()
    except OSError:
        return ""
