"""Changing what is on the model volume: the files at its root are links to one of the versions kept there.

`.current` is a link to `.versions/<number>`, and each file at the root is a link into `.current`: replacing
that one link changes all files at once.
"""

import os
from contextlib import suppress
from pathlib import Path

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.volume import checksums, staging
from service.volume.model_repository import DEFAULT_NAME, VERSION, VERSIONS, find_numbers, verify
from service.volume.model_version import ModelVersion
from service.volume.staging import Prove

CURRENT = ".current"


def add(repository: Path, source: Path, name: str | None, version: str | None, prove: Prove) -> ModelVersion:
    """Copy a model to the volume as a new version, by default the next number, and serve it from now on.

    Raises `ModelError` if the version is there already, or if the model does not prove itself.
    """
    adopted = choose_adopted(repository)
    taken = [*find_numbers(repository), *adopted]
    version = version or next_number(taken)
    if not VERSION.fullmatch(version):
        raise ModelError(f"version {version!r} is no plain number: use one, or leave it out for the next")
    if version in taken:
        raise ModelError(f"{repository} has a version {version} already: choose another number")
    with staging.staged(repository) as directory:
        staging.copy(source, directory, FILE_NAME)
        staging.prove(prove, directory, source)
        try:
            for number in adopted:
                adopt(repository, number)
            keep(repository, directory, version)
            switch(repository, version)
        except OSError:
            give_back(repository, version, adopted)
            raise
    return ModelVersion(name or DEFAULT_NAME, version, repository / VERSIONS / version)


def next_number(taken: list[str]) -> str:
    """Return the number of the version that comes next."""
    return str(max(map(int, taken), default=0) + 1)


def use(repository: Path, name: str | None, version: str) -> ModelVersion:
    """Serve another version from now on; `latest` is the largest number."""
    numbers = find_numbers(repository)
    version = numbers[-1] if version == "latest" and numbers else version
    if version not in numbers:
        there = f"but {', '.join(numbers)}" if numbers else "and keeps no other"
        raise ModelError(f"{repository} has no version {version} {there}: use one of them, or latest")
    found = ModelVersion(name or DEFAULT_NAME, version, repository / VERSIONS / version)
    verify(found, repository)
    switch(repository, version)
    return found


def choose_adopted(repository: Path) -> list[str]:
    """Return the number under which plain files at the root are to be kept; none if there are no such files.

    Raises `ModelError` if they are links of somebody else: whoever made them changes them in another way.
    """
    file = repository / FILE_NAME
    if file.is_symlink() and not is_ours(file):
        raise ModelError(
            f"{file} is a link to {file.readlink()}, made by something else: change the model there, "
            f"or put the files themselves into {repository}"
        )
    if file.is_symlink() or not file.exists():
        return []
    return [find_same(repository) or next_number(find_numbers(repository))]


def adopt(repository: Path, number: str) -> None:
    """Keep the plain files at the root as a version, and make links of them that lead to the same content."""
    if number not in find_numbers(repository):
        with staging.staged(repository) as directory:
            for name in [*checksums.list_files(repository), checksums.FILE_NAME]:
                os.link(repository / name, directory / name)
            keep(repository, directory, number)
    switch(repository, number)


def give_back(repository: Path, version: str, adopted: list[str]) -> None:
    """Take back a version that was not added to its end, and lay adopted files down at the root again.

    It needs no room on the disk, which may be full. A version that is served already stays.
    """
    kept, current = repository / VERSIONS, repository / CURRENT
    served = current.readlink().name if current.is_symlink() else ""
    if served == version and (adopted or len(find_numbers(repository)) > 1):
        return
    for number in adopted:
        for file in kept.glob(f"{number}/*"):
            file.replace(repository / file.name)
    if served in {version, *adopted}:
        current.unlink()
    for number in {version, *adopted} & {*find_numbers(repository)}:
        staging.remove(kept / number)
    remove_dangling(repository)
    with suppress(OSError):  # if it is empty
        kept.rmdir()


def find_same(repository: Path) -> str | None:
    """Return the version that has the files at the root: somebody was killed while adopting them."""
    sums = checksums.read(repository / checksums.FILE_NAME, repository)
    for number in find_numbers(repository):
        if checksums.read(repository / VERSIONS / number / checksums.FILE_NAME, repository) == sums:
            return number
    return None


def keep(repository: Path, directory: Path, version: str) -> None:
    """Put a finished directory among the versions."""
    (repository / VERSIONS).mkdir(mode=0o755, exist_ok=True)
    staging.publish(directory, repository / VERSIONS / version)


def switch(repository: Path, version: str) -> None:
    """Let all files at the root lead to a version; those that it does not have are gone afterwards."""
    names = [*checksums.list_files(repository / VERSIONS / version), checksums.FILE_NAME]
    if (repository / CURRENT).exists():
        make_links(repository, names)
        staging.replace_link(repository / CURRENT, f"{VERSIONS}/{version}", repository)
    else:
        staging.replace_link(repository / CURRENT, f"{VERSIONS}/{version}", repository)
        make_links(repository, names)
    remove_dangling(repository)


def remove_dangling(repository: Path) -> None:
    """Remove links of files that the version served does not have."""
    for entry in repository.iterdir():
        if is_ours(entry) and not entry.exists():
            entry.unlink()


def is_ours(path: Path) -> bool:
    """Whether this is a link into the version served, and not somebody else's, or a file."""
    return path.is_symlink() and path.readlink().parts[0] == CURRENT


def make_links(repository: Path, names: list[str]) -> None:
    """Make a link into `.current` of each file, the one that a service looks for last."""
    for name in sorted(names, key=lambda name: name == FILE_NAME):
        if not is_ours(repository / name):
            staging.replace_link(repository / name, f"{CURRENT}/{name}", repository)
