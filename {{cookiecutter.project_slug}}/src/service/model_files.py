"""Files on the model volume: where links lead, what checksums say, and what the operating system refuses."""

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.errors import ModelError
from service.settings import Settings

logger = logging.getLogger(__name__)

CHECKSUMS = "SHA256SUMS"
# What `sha256sum --check` reads: its own lines, those of `sha256sum --tag` and those of `openssl dgst`.
CHECKSUM_LINE = re.compile(
    r"\s*((?P<digest>[0-9a-f]{64})[ \t][ *]?(?P<name>[^\0]+)"
    r"|SHA256 ?\((?P<tagged>[^\0]+)\) ?= ?(?P<tag>[0-9a-f]{64}))",
    re.IGNORECASE,
)
REWRITE_CHECKSUMS = f"run `rm -f {CHECKSUMS}; sha256sum -- * > {CHECKSUMS}` in the directory behind it"
GIT_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class ModelVersion:
    """A version of a model, and its file; what belongs to it lies beside that."""

    name: str
    version: str
    file: Path

    @property
    def directory(self) -> Path:
        return self.file.parent

    @property
    def size(self) -> int:
        """The bytes of the file, and of the weights beside it whose names begin with its own."""
        files = self.directory.glob(f"{self.file.name}*")
        return sum(file.stat().st_size for file in files if file.is_file())

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


@contextmanager
def os_errors_explained() -> Iterator[None]:
    """Turn what the operating system says of a file into a `ModelError`."""
    try:
        yield
    except OSError as error:
        problem = f"cannot be read ({error.strerror}): copy the model again"
        if isinstance(error, PermissionError):
            problem = f"may not be read by uid {os.geteuid()}: run `chmod -R a+rX` on the model volume"
        elif isinstance(error, FileNotFoundError):
            problem = "is missing: put a model there, or set MODEL_REPOSITORY to where the volume is mounted"
        raise ModelError(f"{printable(error.filename or 'the model volume')} {problem}") from error


def printable(path: object) -> str:
    """Return a path as it can be logged: a name on a volume may hold line ends, or no UTF-8."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def list_directories(parent: Path) -> list[str]:
    """Return the names of the directories in a directory."""
    with os.scandir(parent) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir())


def require_on_volume(path: Path, volume: Path) -> None:
    """Raise `ModelError` if links lead out of the volume: what lies there differs between containers."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(volume)):
        raise ModelError(f"{printable(path)} leads out of the volume: copy the file itself there")


def require_file(path: Path, volume: Path) -> None:
    """Raise `ModelError` unless a path leads to a file on the volume: reading a FIFO might never end."""
    require_on_volume(path, volume)
    if not path.is_file():
        problem = "is not a file" if path.exists() else "is missing, or is a link to what is"
        raise ModelError(f"{printable(path)} {problem}: copy the model again")


def require_model(path: Path, volume: Path) -> None:
    """Raise `ModelError` unless a path leads to a file that can be a model."""
    require_on_volume(path, volume)
    names = {entry.name for entry in path.parent.iterdir()}
    if path.name not in names:
        others = sorted(name for name in names - {CHECKSUMS} if not name.startswith("."))
        found = f", but there is {', '.join(map(printable, others[:3]))}" if others else ""
        raise ModelError(f"{path} is missing{found}: put the model there under this name")
    require_file(path, volume)
    with path.open("rb") as file:
        if file.read(len(GIT_LFS_POINTER)) == GIT_LFS_POINTER:
            raise ModelError(f"{path} is a Git LFS pointer: run `git lfs pull`, and copy the file again")


def verify_files(model: Path, settings: Settings) -> None:
    """Verify the files that a `SHA256SUMS` beside the model lists; else warn or raise `ModelError`."""
    volume, sums = settings.model_repository, model.parent / CHECKSUMS
    for path in model.parent.iterdir():
        if not path.name.startswith(".") and path.exists():
            require_on_volume(path, volume)
    if os.path.lexists(sums):
        verify_checksums(sums, model.name, volume)
    elif settings.require_checksums:
        raise ModelError(f"{sums} is missing, and REQUIRE_CHECKSUMS is set: {REWRITE_CHECKSUMS}")
    else:
        logger.warning("%s is served unverified: no %s lies beside it", model, CHECKSUMS)


def verify_checksums(sums: Path, required: str, volume: Path) -> None:
    """Verify the files that a `SHA256SUMS` lists, the required one among them."""
    checksums = read_checksums(sums, volume)
    if required not in [name for name, _ in checksums]:
        raise ModelError(f"{sums} does not list {required}: {REWRITE_CHECKSUMS}")
    for name, checksum in checksums:
        path = sums.parent / name
        require_file(path, volume)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != checksum:
                raise ModelError(
                    f"{printable(path)} is damaged or was changed: copy it again, "
                    f"or if the change is meant, {REWRITE_CHECKSUMS}"
                )


def read_checksums(path: Path, volume: Path) -> list[tuple[str, str]]:
    """Return the names that a `SHA256SUMS` lists, each with its checksum."""
    require_file(path, volume)
    checksums = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        text = os.fsdecode(line).rstrip("\r")
        if not text.strip() or text.startswith("#"):
            continue
        match = CHECKSUM_LINE.fullmatch(text)
        if match is None:
            raise ModelError(f"{path} has no checksum and name in line {number}: {REWRITE_CHECKSUMS}")
        name = os.path.normpath(match["name"] or match["tagged"])
        if name != CHECKSUMS:  # `sha256sum * > SHA256SUMS` may list the list itself, as it was before
            checksums.append((name, (match["digest"] or match["tag"]).lower()))
    return checksums
