"""Changing what is on the model volume: the files at its root are links to one of the versions kept there.

`.current` is a link to `.versions/<number>`, and each file at the root is a link into `.current`: replacing
that one link changes all files at once.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from service.errors import ModelError
from service.model_runtime import FILE_NAME
from service.volume import checksums, listed_files, staging, undo
from service.volume.files import resolve
from service.volume.model_repository import (
    CURRENT,
    DEFAULT_NAME,
    NOBODYS,
    VERSION,
    VERSIONS,
    find_numbers,
    verify,
)
from service.volume.model_version import ModelVersion
from service.volume.staging import Prove

# Whether a volume holds several models, each by its name.
HAS_NAMES = False
# What follows the number in the name of a directory with a third name for each adopted file.
SPARE = ".spare"
Number = Annotated[str, StringConstraints(pattern=f"^{VERSION.pattern}$")]


class Note(BaseModel):
    """What is being added: the new version, and those that plain files at the root become before it."""

    version: Number
    adopted: list[Number]


def add(repository: Path, source: Path, name: str | None, version: str | None, prove: Prove) -> ModelVersion:
    """Copy a model to the volume as a new version, by default the next number, and serve it from now on.

    Raises `ModelError` if the version is there already, or if the model does not prove itself.
    """
    clear(repository)
    adopted = choose_adopted(repository)
    version = version or next_number([*find_numbers(repository), *adopted])
    if not VERSION.fullmatch(version):
        raise ModelError(f"version {version!r} is no plain number: use one, or leave it out for the next")
    if version in adopted:
        raise ModelError(f"version {version} is what the files of {repository} become: choose another number")
    if (repository / VERSIONS / version).exists():
        raise ModelError(f"{repository} has a version {version} already: choose another number")
    with staging.staged(repository) as directory:
        new = directory / version
        new.mkdir(mode=0o755)
        listed_files.copy(source, new, prove)
        note = Note(version=version, adopted=adopted)
        with undo.noted(repository, note, give_back):
            for number in adopted:
                adopt(repository, number)
            keep(repository, new, version)
            switch(repository, version)
            remove_spares(repository, note)
    return ModelVersion(name or DEFAULT_NAME, version, repository / VERSIONS / version)


def clear(repository: Path) -> None:
    """Take back what commands that were killed had begun."""
    undo.take_back(repository, Note, give_back)
    if (repository / CURRENT).exists():
        remove_dangling(repository)


def next_number(taken: list[str]) -> str:
    """Return the number of the version that comes next."""
    return str(max(map(int, taken), default=0) + 1)


def use(repository: Path, name: str | None, version: str) -> ModelVersion:
    """Serve another version from now on; `latest` is the largest number."""
    clear(repository)
    numbers = find_numbers(repository)
    if not numbers:
        raise ModelError(f"{repository} has no numbered version: what is added next will be one")
    version = numbers[-1] if version == "latest" else version
    if version not in numbers:
        raise ModelError(
            f"{repository} has no version {version} but {', '.join(numbers)}: use one of them, or latest"
        )
    found = ModelVersion(name or DEFAULT_NAME, version, repository / VERSIONS / version)
    verify(found, repository)
    switch(repository, version)
    return found


def choose_adopted(repository: Path) -> list[str]:
    """Return the number under which plain files at the root are to be kept; none if there are no such files.

    Raises `ModelError` if they are links of somebody else, who changes them in another way, or if they do not
    fit together.
    """
    file = repository / FILE_NAME
    if file.is_symlink() and not is_ours(file):
        raise ModelError(
            f"{file} is a link to {file.readlink()}, made by something else: change the model there, "
            f"or put the files themselves into {repository}"
        )
    if file.is_symlink() and (repository / CURRENT).is_dir() and not (repository / CURRENT).is_symlink():
        raise ModelError(
            f"{repository / CURRENT} is a directory where a link to a version belongs: "
            "copy the volume again, with its links"
        )
    if file.is_symlink() or not file.exists():
        return []
    checksums.list_expected(repository, FILE_NAME, repository, NOBODYS)
    return [next_number(find_numbers(repository))]


def adopt(repository: Path, number: str) -> None:
    """Keep the plain files at the root as a version, and make links of them that lead to the same content.

    Until all is done they have a third name, under which they can be laid down again in no more room.
    """
    with staging.staged(repository) as directory:
        for copy in (number, number + SPARE):
            (directory / copy).mkdir(mode=0o755)
            for name in [*checksums.list_files(repository), checksums.FILE_NAME]:
                link(repository / name, directory / copy / name)
            staging.flush(directory / copy)
            keep(repository, directory / copy, copy)
    switch(repository, number)


def link(file: Path, target: Path) -> None:
    """Give the content of a file another name, or copy it where that is denied."""
    try:
        os.link(resolve(file), target)
    except OSError:
        staging.copy_durably(file, target)


def give_back(repository: Path, note: Note) -> None:
    """Take back a version that was not added to its end, and lay adopted files down at the root again.

    It needs no room on the disk, which may be full. A version that is served already stays.
    """
    kept, current = repository / VERSIONS, repository / CURRENT
    served = current.readlink().name if current.is_symlink() else ""
    remove_dangling(repository)
    if served != note.version or not (repository / FILE_NAME).exists():
        for number in note.adopted:
            lay_down(repository, kept / (number + SPARE))
        if served in {note.version, *note.adopted}:
            current.unlink()
        for number in {note.version, *note.adopted} & {*find_numbers(repository)}:
            staging.remove(kept / number)
        remove_dangling(repository)
    remove_spares(repository, note)
    with suppress(OSError):  # if it is empty
        kept.rmdir()


def lay_down(repository: Path, spare: Path) -> None:
    """Put files back in the place of the links to them, the one that a service looks for last."""
    for file in sorted(spare.glob("*"), key=lambda file: file.name == FILE_NAME):
        place = repository / file.name
        if is_ours(place) or not os.path.lexists(place):
            file.replace(place)


def remove_spares(repository: Path, note: Note) -> None:
    """Remove the third names of adopted files."""
    for number in note.adopted:
        shutil.rmtree(repository / VERSIONS / (number + SPARE), ignore_errors=True)


def keep(repository: Path, directory: Path, version: str) -> None:
    """Put a finished directory among the versions."""
    (repository / VERSIONS).mkdir(mode=0o755, exist_ok=True)
    staging.publish(directory, repository / VERSIONS / version)


def switch(repository: Path, version: str) -> None:
    """Let all files at the root lead to a version; those that it does not have are gone afterwards."""
    names = [*checksums.list_files(repository / VERSIONS / version), checksums.FILE_NAME]
    if (repository / CURRENT).is_symlink() and (repository / CURRENT).exists():
        make_links(repository, names)
        replace_link(repository / CURRENT, f"{VERSIONS}/{version}", repository)
    else:
        replace_link(repository / CURRENT, f"{VERSIONS}/{version}", repository)
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
            replace_link(repository / name, f"{CURRENT}/{name}", repository)


def replace_link(path: Path, target: str, repository: Path) -> None:
    """Make a link in the place of whatever is there, in one step."""
    with staging.staged(repository) as directory:
        (directory / path.name).symlink_to(target)
        if path.is_dir() and not path.is_symlink():  # as after a copy that followed links
            path.rename(directory / f"{path.name}.old")
        (directory / path.name).replace(path)
    staging.flush(path.parent)
