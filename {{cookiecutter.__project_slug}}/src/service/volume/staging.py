"""Changing a volume so that a kill, a full disk or a reader at any moment finds it whole.

Everything is written to a hidden directory first and reaches its place by one rename, links and small files
by a rename over the old ones. What a kill leaves behind is hidden, and removed by whoever comes next.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import ModelError
from service.volume import checksums
from service.volume.files import STAGING_PREFIX

# Loads the model in a directory, and raises `ModelError` if a start of the service would refuse it.
Prove = Callable[[Path], object]


@contextmanager
def locked(repository: Path) -> Iterator[None]:
    """Keep every other writer out; remove what one that was killed has left."""
    descriptor = os.open(repository, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in repository.glob(f"{STAGING_PREFIX}*"):
            remove(left)
        yield
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def staged(repository: Path) -> Iterator[Path]:
    """Yield a hidden directory on the volume, which is gone afterwards unless it was renamed."""
    directory = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=repository))
    try:
        directory.chmod(0o755)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def copy(source: Path, directory: Path, file_name: str) -> None:
    """Copy a file under the given name, or the files of a directory, and write `SHA256SUMS` beside them.

    Raises `ModelError` if a directory lacks the named file, holds what cannot be listed, or has a
    `SHA256SUMS` of its own that says something else.
    """
    files = choose_files(source) if source.is_dir() else {file_name: source}
    if file_name not in files:
        raise ModelError(f"{source} has no {file_name}: give the directory that holds it, or the file")
    known = source / checksums.FILE_NAME
    expected = checksums.read(known, source) if source.is_dir() and known.exists() else {}
    lines = []
    for name, path in files.items():
        copy_durably(path, directory / name)
        digest = checksums.digest(directory / name, directory)
        if expected.get(name, digest) != digest:
            raise ModelError(f"{path} is not what the {known.name} beside it says: get it again")
        lines.append(f"{digest}  {name}\n")
    write_durably(directory / checksums.FILE_NAME, "".join(lines))
    flush(directory)


def choose_files(source: Path) -> dict[str, Path]:
    """Return the files of a directory by name; raise `ModelError` for what a model cannot consist of."""
    files = {name: source / name for name in checksums.list_files(source)}
    odd = [name for name in files if not name.isprintable()]
    odd += [entry.name for entry in sorted(source.iterdir()) if entry.is_dir() and entry.name[0] != "."]
    if odd:
        raise ModelError(f"{source} holds {odd[0]!r}, which is no plain file with a plain name: take it away")
    return files


def prove(prove_model: Prove, directory: Path, source: Path) -> None:
    """Have a staged model prove itself; raise `ModelError` in terms of its source if it does not."""
    try:
        prove_model(directory)
    except ModelError as error:
        raise ModelError(str(error).replace(str(directory), str(source))) from error


def copy_durably(source: Path, target: Path) -> None:
    """Copy a file's content, readable for everybody, to the disk itself."""
    if source.is_symlink() and not source.exists():
        raise ModelError(f"{source} is a link to {source.readlink()}, which is not there: copy that too")
    if not stat.S_ISREG(source.stat().st_mode):
        raise ModelError(f"{source} is not a file: give one, or a directory of files")
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
        if path.is_dir() and not path.is_symlink():  # as after a copy that followed links
            path.rename(directory / f"{path.name}.old")
        (directory / path.name).replace(path)
    flush(path.parent)
