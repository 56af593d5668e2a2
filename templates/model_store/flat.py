"""Changing what is on the model volume: the files at its root are links to one of the versions kept there.

`.current` is a link to `.versions/<number>`, and each file at the root is a link into `.current`: replacing
that one link changes all files at once.
"""

import os
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
    if version and not VERSION.fullmatch(version):
        raise ModelError(f"version {version!r} is no plain number: use one, or leave it out for the next")
    with staging.staged(repository) as directory:
        staging.copy(source, directory, FILE_NAME)
        staging.prove(prove, directory, source)
        adopt(repository)
        version = version or next_number(repository)
        if version in find_numbers(repository):
            raise ModelError(f"{repository / VERSIONS / version} is there already: choose another number")
        keep(repository, directory, version)
    switch(repository, version)
    return ModelVersion(name or DEFAULT_NAME, version, repository / VERSIONS / version)


def next_number(repository: Path) -> str:
    """Return the number of the version that comes next."""
    return str(int((find_numbers(repository) or ["0"])[-1]) + 1)


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


def adopt(repository: Path) -> None:
    """Keep plain files at the root as a version, and make links of them that lead to the same content."""
    file = repository / FILE_NAME
    if file.is_symlink() or not file.exists():
        return
    number = find_same(repository) or next_number(repository)
    if number not in find_numbers(repository):
        with staging.staged(repository) as directory:
            for name in [*checksums.list_files(repository), checksums.FILE_NAME]:
                os.link(repository / name, directory / name)
            keep(repository, directory, number)
    switch(repository, number)


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
    for entry in repository.iterdir():
        if entry.is_symlink() and not entry.exists() and entry.readlink().parts[0] == CURRENT:
            entry.unlink()


def make_links(repository: Path, names: list[str]) -> None:
    """Make a link into `.current` of each file, the one that a service looks for last."""
    for name in sorted(names, key=lambda name: name == FILE_NAME):
        if not (repository / name).is_symlink():
            staging.replace_link(repository / name, f"{CURRENT}/{name}", repository)
