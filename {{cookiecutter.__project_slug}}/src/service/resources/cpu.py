"""How many processors and threads this process may use: the container's limits, not the machine's."""

import math
import os
import sys
from contextlib import suppress

from service.resources import cgroup

# Libraries that multiply matrices start a thread for each processor of the machine, in every process.
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

# Threads beside those that compute: the event loop's, those for files and large bodies, those that load a
# model, those of a health check beside us.
OTHER_THREADS = 64


def count_processors() -> int:
    """Return how many processors may be used at once, at least 1; a part of one counts as one."""
    quotas = [line.split() for line in cgroup.read("cpu.max")]
    version_1 = (cgroup.read("cpu.cfs_quota_us", "cpu"), cgroup.read("cpu.cfs_period_us", "cpu"))
    quotas += [list(pair) for pair in zip(*version_1, strict=True)]
    limits = [int(quota) / int(period) for quota, period in quotas if quota not in {"max", "-1"}]
    return max(1, math.ceil(min([count_allowed(), *limits])))


def most_threads() -> int:
    """Return how many threads may compute at the most, so that the system does not refuse to start one."""
    limits = cgroup.read("pids.max") + cgroup.read("pids.max", "pids")
    return max(
        2, min((int(limit) for limit in limits if limit != "max"), default=sys.maxsize) - OTHER_THREADS
    )


def count_allowed() -> int:
    """Return how many processors the scheduler may put this process on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def wait_for_others() -> None:
    """Have this thread, when it is woken, not take the processor from one that is using it.

    It has its full share all the same. Without this it interrupts whoever wakes it, the event loop, and then
    waits for the interpreter's lock, which the event loop holds.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # not allowed in some sandboxes
            if os.sched_getscheduler(0) == os.SCHED_OTHER:  # anything else was somebody's choice
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def keep_libraries_to_one_thread() -> None:
    """Let each call compute in the thread that makes it, unless the environment says otherwise.

    To be called before the libraries are imported; the executor has threads enough for the processors.
    """
    for variable in LIBRARIES:
        os.environ.setdefault(variable, "1")
