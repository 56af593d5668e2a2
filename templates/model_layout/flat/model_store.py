"""Changes of a model volume: its files become links to one of the versions in `.versions/<number>/`.

As in Kubernetes' ConfigMaps, they lead through one more link, `..data`: replacing that one switches all.
"""

import os
import re
from pathlib import Path

from service import staging
from service.errors import ModelError
from service.model_files import ModelVersion
from service.model_repository import DATA, DEFAULT_NAME, find
from service.model_runtime import FILE_NAME
from service.settings import Settings

VERSIONS = ".versions"
VERSION = re.compile(r"[1-9][0-9]*")


def list_versions(settings: Settings) -> list[ModelVersion]:
    """Return every version, smallest first, or the only one, which has no number."""
    name, repository = choose_name(settings), settings.model_repository
    numbers = find_numbers(repository)
    if not numbers and os.path.lexists(repository / FILE_NAME):
        return [find(settings)]
    versions = repository / VERSIONS
    return [ModelVersion(name, str(number), versions / str(number) / FILE_NAME) for number in numbers]


def choose_name(settings: Settings) -> str:
    """Return the name of the only model that there can be."""
    return settings.model_name or DEFAULT_NAME


def find_numbers(repository: Path) -> list[int]:
    """Return the numbers of the versions that are kept, smallest first."""
    entries = (repository / VERSIONS).glob("*")
    return sorted(int(entry.name) for entry in entries if VERSION.fullmatch(entry.name))


def next_number(repository: Path) -> str:
    """Return the number of the version that comes next."""
    return str(max(find_numbers(repository), default=0) + 1)


def add(settings: Settings, source: Path, version: str | None = None) -> ModelVersion:
    """Copy a model to the volume as a new version, by default the next number, and serve it."""
    repository = settings.model_repository
    file, data = repository / FILE_NAME, repository / DATA
    leads_to_version = is_ours(file) and data.is_symlink() and data.readlink().parts[0] == VERSIONS
    if file.is_symlink() and not leads_to_version:
        raise ModelError(f"{file} is a link that something else has made: change the model there")
    with staging.staged(repository) as directory:
        staging.stage(source, directory / "new", settings)
        if file.is_file() and not file.is_symlink():
            keep_files(settings, directory)
        version = version or next_number(repository)
        added = ModelVersion(choose_name(settings), version, repository / VERSIONS / version / FILE_NAME)
        if not VERSION.fullmatch(version) or added.directory.exists():
            raise ModelError(f"there cannot be a new version {version}: use a number that is not there yet")
        staging.publish(directory / "new", added.directory)
    try:
        switch(repository, version)
    except OSError:
        if os.path.realpath(data) != os.path.realpath(added.directory):
            staging.remove(added.directory, repository)
        raise
    return added


def keep_files(settings: Settings, directory: Path) -> None:
    """Keep the plain files of the volume as a version, and make links to it of them."""
    repository = settings.model_repository
    number = next_number(repository)
    staging.copy(repository, directory / number, settings)
    staging.publish(directory / number, repository / VERSIONS / number)
    replace_link(repository / DATA, f"{VERSIONS}/{number}", repository)
    switch(repository, number)


def use(settings: Settings, found: ModelVersion) -> None:
    """Serve a version from now on."""
    if found.directory.parent.name == VERSIONS:
        switch(settings.model_repository, found.version)


def use_latest(settings: Settings) -> None:
    """Serve the largest number."""
    for found in list_versions(settings)[-1:]:
        use(settings, found)


def remove(settings: Settings, found: ModelVersion) -> None:
    """Remove a version."""
    staging.remove(found.directory, settings.model_repository)


def switch(repository: Path, version: str) -> None:
    """Let all files of the volume lead to a version; readers see the old files or the new ones."""
    data = repository / DATA
    if not data.exists():
        replace_link(data, f"{VERSIONS}/{version}", repository)
    names = [entry.name for entry in (repository / VERSIONS / version).iterdir()]
    for name in sorted(names, key=lambda name: name == FILE_NAME):  # readers start with that one
        if not is_ours(repository / name):
            replace_link(repository / name, f"{DATA}/{name}", repository)
    replace_link(data, f"{VERSIONS}/{version}", repository)
    for entry in repository.iterdir():
        if is_ours(entry) and not entry.exists():
            entry.unlink()


def is_ours(path: Path) -> bool:
    """Whether this is a link through `..data`."""
    return path.is_symlink() and path.readlink().parts[0] == DATA


def replace_link(path: Path, target: str, repository: Path) -> None:
    """Make a link in one step; it replaces a file, link or directory of its name."""
    with staging.replacing(path, repository) as link:
        link.symlink_to(target)
        if path.is_dir() and not path.is_symlink():
            path.rename(link.with_name(f"old-{link.name}"))
