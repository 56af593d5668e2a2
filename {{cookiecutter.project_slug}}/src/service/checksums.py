"""Proof that a model's files are the ones that were meant: `SHA256SUMS`, as `sha256sum` writes it."""

import hashlib
import re
from pathlib import Path

from service.errors import ModelError

FILE_NAME = "SHA256SUMS"
# GNU coreutils, "cksum output modes": the digest, a space, a space or an asterisk, the file name.
LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>.+)")


def verify(file: Path) -> None:
    """Check every file that the `SHA256SUMS` beside this one lists, this one among them.

    Raises `ModelError` when the list is missing, malformed, leaves out this file, names one that is
    not beside it, or when a file is not what the list says.
    """
    directory = file.parent
    sums = read(directory / FILE_NAME)
    if file.name not in sums:
        raise ModelError(f"{directory / FILE_NAME} does not list {file.name}: {remedy(directory)}")
    for name, expected in sums.items():
        found = digest(directory / name)
        if found != expected:
            raise ModelError(
                f"{directory / name} is damaged or was changed (its sha256 begins {found[:12]}, "
                f"{FILE_NAME} says {expected[:12]}): copy it again, or if the change is meant, "
                f"{remedy(directory)}"
            )


def read(path: Path) -> dict[str, str]:
    """Return the hexadecimal digest of each file name in a `SHA256SUMS` file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ModelError(
            f"{path} is missing, so the model cannot be verified: {remedy(path.parent)}"
        ) from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not text as sha256sum writes it: {remedy(path.parent)}") from None
    sums = dict(parse(line, path) for line in lines if line)
    sums.pop(FILE_NAME, None)  # `sha256sum *` in a directory that has a list already lists that too
    return sums


def parse(line: str, path: Path) -> tuple[str, str]:
    """Return name and digest of one line; a name is a plain file name, never a path."""
    match = LINE.fullmatch(line)
    if match is None:
        raise ModelError(f"{path} has a line that sha256sum would not write: {remedy(path.parent)}")
    name = match["name"]
    if "/" in name or name in {".", ".."}:
        raise ModelError(f"{path} names {name!r}, which is not a file beside it: {remedy(path.parent)}")
    return name, match["digest"]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ModelError(f"{path} is missing although {FILE_NAME} lists it: copy it there") from None


def remedy(directory: Path) -> str:
    """Say how to write the list anew."""
    return f"run `rm -f {FILE_NAME}; sha256sum * > {FILE_NAME}` in the directory behind {directory}"
