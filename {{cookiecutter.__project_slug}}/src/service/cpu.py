"""How many processors this process may use: the container's quota, not the machine's count."""

import math
import os

from service import cgroup

# Libraries that multiply matrices start a thread for each processor of the machine, in every process.
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def count_processors() -> int:
    """Return how many processors may be used at once, at least 1; a part of one counts as one."""
    quotas = [line.split() for line in cgroup.read("cpu.max")]
    version_1 = (cgroup.read("cpu.cfs_quota_us", "cpu"), cgroup.read("cpu.cfs_period_us", "cpu"))
    quotas += [list(pair) for pair in zip(*version_1, strict=True)]
    limits = [int(quota) / int(period) for quota, period in quotas if quota not in {"max", "-1"}]
    return max(1, math.ceil(min([count_allowed(), *limits])))


def count_allowed() -> int:
    """Return how many processors the scheduler may put this process on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def keep_libraries_to_one_thread() -> None:
    """Let each call compute in the thread that makes it, unless the environment says otherwise.

    To be called before the libraries are imported; the executor has threads enough for the processors.
    """
    for variable in LIBRARIES:
        os.environ.setdefault(variable, "1")
