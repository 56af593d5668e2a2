"""Changing a volume so that a kill, a full disk or a reader at any moment finds it whole.

Everything is written to a hidden directory first and reaches its place by one rename, links and small files
by a rename over the old ones. What a kill leaves behind is hidden, and removed by whoever comes next.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service import checksums, model_runtime
from service.errors import ModelError

PREFIX = ".tmp-"


@contextmanager
def locked(repository: Path) -> Iterator[None]:
    """Keep every other writer out; remove what one that was killed has left."""
    descriptor = os.open(repository, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in repository.glob(f"{PREFIX}*"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def staged(repository: Path) -> Iterator[Path]:
    """Yield a hidden directory on the volume, which is gone afterwards unless it was renamed."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=repository))
    try:
        directory.chmod(0o755)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def copy(source: Path, directory: Path, file_name: str) -> None:
    """Copy a file under the given name, or the files of a directory, and write `SHA256SUMS` beside them.

    Raises `ModelError` if a directory lacks the named file.
    """
    names = checksums.list_files(source) if source.is_dir() else []
    if source.is_dir() and file_name not in names:
        raise ModelError(f"{source} has no {file_name}: give the directory that holds it, or the file")
    files = {name: source / name for name in names} or {file_name: source}
    lines = []
    for name, path in files.items():
        copy_durably(path, directory / name)
        lines.append(f"{checksums.digest(directory / name, directory)}  {name}\n")
    write_durably(directory / checksums.FILE_NAME, "".join(lines))
    flush(directory)


def prove(directory: Path, source: Path) -> None:
    """Load a staged model, as a service would; raise `ModelError` in terms of its source if that fails."""
    try:
        model_runtime.load(directory)
    except ModelError as error:
        raise ModelError(str(error).replace(str(directory), str(source))) from error


def copy_durably(source: Path, target: Path) -> None:
    """Copy a file's content, readable for everybody, to the disk itself."""
    with source.open("rb") as content, target.open("xb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
        finish(file.fileno())


def write_durably(target: Path, text: str) -> None:
    """Write a small new file, readable for everybody, to the disk itself."""
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        finish(file.fileno())


def finish(descriptor: int) -> None:
    """Make a file readable for everybody, and wait for the disk."""
    os.fchmod(descriptor, 0o644)
    os.fsync(descriptor)


def flush(directory: Path) -> None:
    """Wait until the disk has the names in a directory."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(directory: Path, target: Path) -> None:
    """Give a finished directory its place, which must be free, in one step."""
    directory.rename(target)
    flush(target.parent)


def replace_text(path: Path, text: str, repository: Path) -> None:
    """Write a small file over the old one in one step."""
    with staged(repository) as directory:
        write_durably(directory / path.name, text)
        (directory / path.name).replace(path)
    flush(path.parent)


def replace_link(path: Path, target: str, repository: Path) -> None:
    """Make a link in the place of whatever is there, in one step."""
    with staged(repository) as directory:
        (directory / path.name).symlink_to(target)
        (directory / path.name).replace(path)
    flush(path.parent)
