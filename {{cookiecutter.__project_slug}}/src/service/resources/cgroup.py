"""What the container allows this process: the files of its control group and of those around it.

Version 2 has one tree for everything, version 1 one for each controller: the Linux kernel's documentation,
`admin-guide/cgroup-v2.rst` and `admin-guide/cgroup-v1/`.
"""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def read(file: str, controller: str = "") -> list[str]:
    """Return what a file says in this process's group and in each group around it, the innermost first.

    Without a controller the file is one of version 2. Every group limits the process; there may be none.
    """
    paths = [directory / file for directory in find_groups(controller)]
    return [path.read_text().strip() for path in paths if path.is_file()]


def find_groups(controller: str) -> Iterator[Path]:
    """Give the directory of each group in the tree of a controller, or of version 2.

    A container often sees its own group as the root of the tree, whatever path its membership names.
    """
    try:
        memberships = [line.split(":", 2) for line in MEMBERSHIP.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in memberships:
        if controller in controllers.split(","):
            root = ROOT / controllers
            group = root / path.lstrip("/")
            yield group
            yield from (parent for parent in group.parents if parent.is_relative_to(root))
