"""Changing a volume so that a kill, a full disk or a reader at any moment finds it whole.

Everything is written to a hidden directory first and reaches its place by one rename, links and small files
by a rename over the old ones. What a kill leaves behind is hidden, and removed by the next change.
"""

import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import ModelError
from service.volume import checksums
from service.volume.files import STAGING_PREFIX

# Loads the model in a directory, and raises `ModelError` if a start of the service would refuse it.
Prove = Callable[[Path], object]
# Whoever copies by hand has a `.tmp-` of another name, which is not to be removed.
PREFIX = f"{STAGING_PREFIX}change-"


@contextmanager
def locked(repository: Path) -> Iterator[None]:
    """Keep every other writer out, and say so if that takes waiting for one."""
    descriptor = os.open(repository, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"{repository} is being changed by another command: waiting for its end\n")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def find_left(repository: Path) -> list[Path]:
    """Return the hidden directories of commands that were killed; call it where no other writer is."""
    return sorted(repository.glob(f"{PREFIX}*"))


def remove(path: Path) -> None:
    """Remove whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def staged(repository: Path) -> Iterator[Path]:
    """Yield a hidden directory on the volume, which is gone afterwards unless it was renamed."""
    directory = make_hidden(repository)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def make_hidden(repository: Path) -> Path:
    """Make a hidden directory on the volume, which the next change removes if nobody has done so before."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=repository))
    directory.chmod(0o755)
    return directory


def copy(files: dict[str, Path], source: Path, directory: Path) -> dict[str, str]:
    """Copy files of a source to a directory, each under its name; return the checksums of the copies.

    Raises `ModelError` if one is no file, or not what a `SHA256SUMS` of the source says.
    """
    known = source / checksums.FILE_NAME
    expected = checksums.read(known, source) if known.exists() else {}
    digests = {}
    for name, path in files.items():
        copy_durably(path, directory / name)
        digests[name] = checksums.digest(directory / name, directory)
        if expected.get(name, digests[name]) != digests[name]:
            raise ModelError(f"{path} is not what the {known.name} beside it says: get it again")
    return digests


def prove(prove_model: Prove, directory: Path, source: Path, file_name: str) -> None:
    """Have a staged model prove itself; raise `ModelError` in terms of its source if it does not."""
    try:
        prove_model(directory)
    except ModelError as error:
        raise ModelError(name_source(str(error), directory, source, file_name)) from error


def name_source(sentence: str, directory: Path, source: Path, file_name: str) -> str:
    """Let a sentence that names a staged directory and its files name where they were copied from."""
    if source.is_dir():
        return sentence.replace(str(directory), str(source))
    sentence = sentence.replace(str(directory / file_name), str(source))
    return sentence.replace(f"{directory}/", f"{source.parent}/").replace(str(directory), str(source))


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
