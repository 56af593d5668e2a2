"""Proof that a model's files are the ones that were meant: `SHA256SUMS`, as `sha256sum` writes it."""

import hashlib
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from service.errors import ModelError
from service.volume.files import STAGING_PREFIX, follow_to_file, open_file

FILE_NAME = "SHA256SUMS"
# What lies about on volumes without being of a model: a desktop's, and a file system's.
NOBODYS = frozenset({".DS_Store", "lost+found"})
LARGEST_LIST = 1_000_000  # bytes; some ten thousand files
# GNU coreutils, "cksum output modes": the digest, a space, a space or an asterisk, the file name.
LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>[^\0]+)")


@dataclass(frozen=True)
class Expected:
    """A file of a model, the digest that its content must have, and what to do if it has another."""

    path: Path
    digest: str
    remedy: str

    def take_digest(self, volume: Path) -> str:
        """Return the digest that the content has."""
        return digest(self.path, volume)


def list_expected(
    directory: Path, required: str, volume: Path, nobodys: Set[str] = NOBODYS
) -> list[Expected]:
    """Return what the `SHA256SUMS` of a directory says of the files beside it; nothing but the list is read.

    Raises `ModelError` when the list is missing, malformed, leaves out the required file or any other that
    is there, or names one that is not.
    """
    sums = read(directory / FILE_NAME, volume)
    unlisted = [name for name in [required, *list_files(directory)] if name not in sums]
    if unlisted:
        raise ModelError(f"{directory / FILE_NAME} does not list {unlisted[0]!r}: {remedy(directory)}")
    unverifiable = [entry.name for entry in sorted(directory.iterdir()) if is_unverifiable(entry, nobodys)]
    if unverifiable:
        raise ModelError(
            f"{directory} holds {unverifiable[0]!r}, which no list of checksums can hold: take it away"
        )
    for name in sums:
        require_listed(directory / name, volume)
    otherwise = f"copy it again, or if the change is meant, {remedy(directory)}"
    return [Expected(directory / name, digest, otherwise) for name, digest in sums.items()]


def require_listed(path: Path, volume: Path) -> None:
    """Raise `ModelError` unless a file that is listed is there."""
    try:
        follow_to_file(path, volume)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing although {FILE_NAME} lists it: copy it there") from None


def verify(files: Sequence[Expected], volume: Path) -> None:
    """Read files; raise `ModelError` with the first whose content is not as it was meant."""
    for file in files:
        found = file.take_digest(volume)
        if found != file.digest:
            raise ModelError(
                f"{file.path} is damaged or was changed "
                f"(its checksum begins {found[:12]}, not {file.digest[:12]}): {file.remedy}"
            )


def list_files(directory: Path) -> list[str]:
    """Return the names of the files that `sha256sum *` lists: none hidden, no directory, not the list."""
    entries = sorted(directory.iterdir())
    names = [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir()]
    return [name for name in names if name != FILE_NAME]


def is_unverifiable(entry: Path, nobodys: Set[str]) -> bool:
    """Whether a model could read what is in here although no `sha256sum *` lists it."""
    known = entry.name in nobodys or entry.name.startswith(STAGING_PREFIX)
    return not known and (entry.name.startswith(".") or entry.is_dir())


def read(path: Path, volume: Path) -> dict[str, str]:
    """Return the hexadecimal digest of each file name in a `SHA256SUMS` file."""
    try:
        with open_file(path, volume) as file:
            content = file.read(LARGEST_LIST + 1)
            text = content.decode()
    except FileNotFoundError:
        raise ModelError(
            f"{path} is missing, so the model cannot be verified: {remedy(path.parent)}"
        ) from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not text as sha256sum writes it: {remedy(path.parent)}") from None
    if len(content) > LARGEST_LIST:
        raise ModelError(f"{path} has more than {LARGEST_LIST} bytes: {remedy(path.parent)}")
    sums: dict[str, str] = {}
    for line in filter(None, text.replace("\r\n", "\n").split("\n")):
        name, expected = parse(line, path)
        if sums.setdefault(name, expected) != expected:
            raise ModelError(f"{path} lists {name} twice: {remedy(path.parent)}")
    sums.pop(FILE_NAME, None)  # `sha256sum *` in a directory that has a list already lists that too
    return sums


def parse(line: str, path: Path) -> tuple[str, str]:
    """Return name and digest of one line; a name is a plain file name, never a path."""
    match = LINE.fullmatch(line)
    if match is None:
        raise ModelError(f"{path} has a line that is no checksum and plain name: {remedy(path.parent)}")
    name = match["name"]
    if "/" in name or name in {".", ".."}:
        raise ModelError(f"{path} names {name!r}, which is not a file beside it: {remedy(path.parent)}")
    return name, match["digest"]


def format_list(digests: dict[str, str]) -> str:
    """Return what `sha256sum` would write of files with these digests."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in digests.items())


def digest(path: Path, volume: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    with open_file(path, volume) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remedy(directory: Path) -> str:
    """Say how to write the list anew."""
    return f"run `rm -f {FILE_NAME}; sha256sum -- * > {FILE_NAME}` in the directory behind {directory}"
