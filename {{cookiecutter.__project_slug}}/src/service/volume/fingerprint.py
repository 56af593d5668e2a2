"""How a version looks from outside: cheap to take, and another as soon as anything about it is changed."""

from pathlib import Path

from service.volume.files import resolve
from service.volume.model_version import ModelVersion

Fingerprint = tuple[object, ...]


def take_fingerprint(version: ModelVersion) -> Fingerprint:
    """Return what is to be seen of a version's files without reading them.

    Not their inodes, which some network file systems number anew from one look to the next. Raises `OSError`
    when they cannot be seen.
    """
    entries = [entry for entry in version.directory.iterdir() if not entry.name.startswith(".")]
    return (str(version), str(resolve(version.directory)), *map(describe, sorted(entries)))


def describe(path: Path) -> tuple[object, ...]:
    """Return name, size and times of a file; the second time also changes with its owner and mode."""
    try:
        status = path.stat()
    except FileNotFoundError:  # it is a link that leads nowhere, or has gone this moment
        return (path.name,)
    return (path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
