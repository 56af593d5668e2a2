"""Files on the model volume: where links lead, and what an operating system's refusals mean."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from service.errors import ModelError

LONGEST_WORD = 256  # bytes
# How the name of a directory begins that is being filled and is nobody's yet.
STAGING_PREFIX = ".tmp-"


def resolve(path: Path) -> Path:
    """Return where links lead, whether anything is there or not; a circle is left as it is.

    `Path.resolve` has an error of its own for a circle before Python 3.13.
    """
    return Path(os.path.realpath(path))


def follow(path: Path, volume: Path) -> Path:
    """Return where a path on the volume leads once every link is followed.

    Raises `ModelError` when a link leads nowhere, or out of the volume: what lies there differs from
    container to container. Raises `FileNotFoundError` when there is nothing at the path at all.
    """
    target = resolve(path)
    if not target.is_relative_to(resolve(volume)):
        raise ModelError(f"{path} leads out of the volume, to {target}: put the file itself on the volume")
    try:
        target.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise ModelError(f"{path} is a link to {target}, which is missing: copy that too") from None
        raise
    return target


def require_file(directory: Path, name: str, volume: Path) -> Path:
    """Return the directory that really holds a file, behind every link.

    Raises `ModelError` when the file is missing, naming what is there instead.
    """
    try:
        return follow(directory / name, volume).parent
    except FileNotFoundError:
        others = sorted(entry.name for entry in directory.iterdir() if not entry.name.startswith("."))
        found = f"among {', '.join(others[:3])}" if others else "in an empty directory"
        raise ModelError(f"{directory / name} is missing {found}: copy the model there") from None


def follow_to_file(path: Path, volume: Path) -> Path:
    """Return where a path leads; raise `ModelError` if that is no file: reading it might never end."""
    target = follow(path, volume)
    if not stat.S_ISREG(target.stat().st_mode):
        raise ModelError(f"{path} is not a file: remove it, or copy the model again")
    return target


def open_file(path: Path, volume: Path) -> BufferedReader:
    """Open a regular file of the volume."""
    return follow_to_file(path, volume).open("rb")


def read_word(path: Path, volume: Path) -> str:
    """Return what a small file says, without the line end; raise `ModelError` if it is no word."""
    with open_file(path, volume) as file:
        content = file.read(LONGEST_WORD + 1)
    word = content.decode(errors="replace").strip()
    if len(content) > LONGEST_WORD or not re.fullmatch(r"[\w./-]+", word):
        raise ModelError(f"{path} does not hold the name of a version: remove it")
    return word


@contextmanager
def os_errors_explained() -> Iterator[None]:
    """Turn what an operating system says of a file into a `ModelError`."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename  # of a rename, the place that was refused
        if isinstance(error, PermissionError):
            raise ModelError(explain_denial(Path(place or "."))) from error
        raise ModelError(f"{place or 'the volume'} cannot be used: {error.strerror}") from error


def explain_denial(path: Path) -> str:
    """Say who may not do what with the first thing on the way to this path, and how to change it."""
    path, real = path.absolute(), resolve(path)
    way = [*reversed(path.parents), path, *reversed(real.parents), real]
    denied = next((step for step in way if step.exists() and not readable(step)), None)
    if denied is None:
        return f"{path.parent} may not be changed by uid {os.geteuid()}: do it as its owner"
    status = denied.stat()
    return (
        f"{denied} may not be read by uid {os.geteuid()}, it belongs to uid {status.st_uid} with mode "
        f"{stat.S_IMODE(status.st_mode):04o}: run `chmod -R a+rX` on the directory behind it"
    )


def readable(path: Path) -> bool:
    """Whether this process may read a file, or enter and list a directory."""
    return os.access(path, os.R_OK | os.X_OK if os.path.isdir(path) else os.R_OK)  # noqa: PTH112
