"""Changes of the model volume, each in one step, so that no interruption and no full disk damages it.

New files are written to a hidden directory on the volume, which gets its name by one rename. What an
interrupted command leaves behind is hidden, and the next command removes it.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service import loader, model_runtime
from service.errors import ModelError
from service.model_files import CHECKSUMS, ModelVersion, verify_files
from service.model_runtime import FILE_NAME
from service.settings import Settings

PREFIX = ".tmp-models-"


@contextmanager
def locked(repository: Path) -> Iterator[None]:
    """Keep other commands from changing the volume, and remove what interrupted ones have left."""
    descriptor = os.open(repository, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"another command is changing {repository}: waiting for its end\n")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in repository.glob(f"{PREFIX}*"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def staged(repository: Path) -> Iterator[Path]:
    """Yield a hidden directory on the volume, and remove what is left in it afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=repository))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def stage(source: Path, directory: Path, settings: Settings) -> None:
    """Copy a model to a new directory, list its checksums there, load it and run it once.

    Raises `ModelError` if the service would not serve it.
    """
    try:
        copy(source, directory, settings)
        load(directory, settings)
    except ModelError as error:
        file = source / FILE_NAME if source.is_dir() else source
        sentence = str(error).replace(str(directory / FILE_NAME), str(file))
        raise ModelError(sentence.replace(str(directory), str(source))) from error


def load(directory: Path, settings: Settings) -> None:
    """Load a model and run it once, as the service does at its start."""
    found = ModelVersion("new", "0", directory / FILE_NAME)
    loader.check_memory(found)
    model = model_runtime.load(found.file, settings.inference_threads)
    loader.prepare(model, found, settings)


def copy(source: Path, directory: Path, settings: Settings) -> None:
    """Copy a model to a new directory on the volume, and list its checksums there.

    Raises `ModelError` if a file does not match the checksums in the source.
    """
    directory.mkdir(mode=0o755)
    names = []
    for name, path in choose_files(source).items():
        (directory / name).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with path.open("rb") as content, (directory / name).open("xb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
            finish(file.fileno())
        names.append(name)
    if CHECKSUMS in names:
        verify_files(directory / FILE_NAME, settings)
        names.remove(CHECKSUMS)
        (directory / CHECKSUMS).unlink()
    write(directory / CHECKSUMS, "".join(f"{digest(directory / name)}  {name}\n" for name in names))


def choose_files(source: Path) -> dict[str, Path]:
    """Return the file itself, or every file below a directory that is not hidden, by its new name.

    Raises `ModelError` for files that cannot belong to a model.
    """
    if not source.is_dir():
        return {FILE_NAME: source}
    # In a hub cache, the files of a snapshot are links to blobs beside it.
    limit = source.absolute()
    limit = limit.parents[1] if limit.parent.name == "snapshots" else limit
    files = {}
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        is_directory = path.is_dir() and not path.is_symlink()
        if is_directory or "/." in f"/{name}":
            continue
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(limit)):
            raise ModelError(f"{path} is a link that leads out of {source}: put the file itself there")
        if not path.is_file():
            raise ModelError(f"{path} is not a file: remove it")
        if not name.isprintable():
            raise ModelError(f"{source} holds {name!r}: give the file a plain name")
        files[name] = path
    if FILE_NAME not in files:
        raise ModelError(f"{source} has no {FILE_NAME}: give the directory that holds it, or the file")
    return files


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, text: str) -> None:
    """Write a small new file."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        finish(file.fileno())


def finish(descriptor: int) -> None:
    """Let everybody read a file, and wait until it is on the disk."""
    os.fchmod(descriptor, 0o644)
    os.fsync(descriptor)


def publish(directory: Path, target: Path) -> None:
    """Give a staged directory its name on the volume, in one step."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    flush(directory)
    directory.rename(target)
    flush(target.parent)


@contextmanager
def replacing(path: Path, repository: Path) -> Iterator[Path]:
    """Yield a path for a new file or link, which then takes the place of the old one in one step."""
    path.parent.mkdir(mode=0o755, exist_ok=True)
    with staged(repository) as directory:
        yield directory / path.name
        (directory / path.name).replace(path)
    flush(path.parent)


def remove(directory: Path, repository: Path) -> None:
    """Take a directory away in one step, then remove its files."""
    with staged(repository) as hidden:
        directory.rename(hidden / directory.name)
        flush(directory.parent)


def flush(directory: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
