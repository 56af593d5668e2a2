"""Proof that a model's files are the ones that were meant: `SHA256SUMS`, as `sha256sum` writes it."""

import hashlib
import re
from pathlib import Path

from service.errors import ModelError
from service.volume import STAGING_PREFIX, open_file

FILE_NAME = "SHA256SUMS"
# What lies about on volumes without being of a model: a desktop's, a file system's, and what keeps versions.
NOBODYS = {".DS_Store", "lost+found", ".current", ".versions"}
LARGEST_LIST = 1_000_000  # bytes; some ten thousand files
# GNU coreutils, "cksum output modes": the digest, a space, a space or an asterisk, the file name.
LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>[^\0]+)")


def verify(directory: Path, required: str, volume: Path) -> None:
    """Check the files of a directory against the `SHA256SUMS` among them.

    Raises `ModelError` when the list is missing, malformed, leaves out the required file or any other that
    is there, names one that is not, or when a file is not what the list says.
    """
    sums = read(directory / FILE_NAME, volume)
    unlisted = [name for name in [required, *list_files(directory)] if name not in sums]
    if unlisted:
        raise ModelError(f"{directory / FILE_NAME} does not list {unlisted[0]!r}: {remedy(directory)}")
    unverifiable = [entry.name for entry in sorted(directory.iterdir()) if is_unverifiable(entry)]
    if unverifiable:
        raise ModelError(
            f"{directory} holds {unverifiable[0]!r}, which no list of checksums can hold: take it away"
        )
    for name, expected in sums.items():
        found = digest(directory / name, volume)
        if found != expected:
            raise ModelError(
                f"{directory / name} is damaged or was changed (its sha256 begins {found[:12]}, "
                f"{FILE_NAME} says {expected[:12]}): copy it again, or if the change is meant, "
                f"{remedy(directory)}"
            )


def list_files(directory: Path) -> list[str]:
    """Return the names of the files that `sha256sum *` lists: none hidden, no directory, not the list."""
    entries = sorted(directory.iterdir())
    names = [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir()]
    return [name for name in names if name != FILE_NAME]


def is_unverifiable(entry: Path) -> bool:
    """Whether a model could read what is in here although no `sha256sum *` lists it."""
    known = entry.name in NOBODYS or entry.name.startswith(STAGING_PREFIX)
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


def digest(path: Path, volume: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    try:
        with open_file(path, volume) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ModelError(f"{path} is missing although {FILE_NAME} lists it: copy it there") from None


def remedy(directory: Path) -> str:
    """Say how to write the list anew."""
    return f"run `rm -f {FILE_NAME}; sha256sum -- * > {FILE_NAME}` in the directory behind {directory}"
